"""A word's weight is earned slowly, lost fast, and fades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.reputation import HALF_LIFE, Standing, standing, weighed
from schemas.signals import Verdict

counts = st.integers(0, 200)


def found(finding: str, time: int, number: int = 0) -> Verdict:
    return Verdict(
        id="0" * 64,
        signal=f"{number:064x}",
        issuer="0x" + "11" * 20,
        finding=finding,  # type: ignore[arg-type]
        time=time,
        protocol="meadow",
    )


def test_a_newcomer_changes_nothing_and_is_not_unmasked() -> None:
    assert Standing().ratio == 1.0
    assert not Standing().unmasked


@pytest.mark.parametrize(
    ("confirmed", "refuted", "ratio"),
    [(10, 0, 3.2), (20, 0, 6.5), (9, 1, 1.74), (0, 5, 1.0), (30, 0, 9.9)],
)
def test_the_figures_of_the_documentation(confirmed: int, refuted: int, ratio: float) -> None:
    assert Standing(confirmed, refuted).ratio == pytest.approx(ratio, abs=0.05)


def test_four_refuted_signals_unmask() -> None:
    assert not Standing(0, 3).unmasked
    assert Standing(0, 4).unmasked
    assert not Standing(4, 4).unmasked


@given(counts, counts)
def test_the_ratio_rises_with_what_was_right_and_falls_with_what_was_wrong(
    confirmed: int, refuted: int
) -> None:
    here = Standing(confirmed, refuted)
    assert here.ratio >= 1.0
    assert Standing(confirmed + 1, refuted).ratio >= here.ratio
    assert Standing(confirmed, refuted + 1).ratio <= here.ratio
    assert not (here.unmasked and here.ratio > 1.0)


def test_findings_count_half_after_a_half_life_in_whatever_order_they_come() -> None:
    findings = [found("confirmed", 0), found("confirmed", HALF_LIFE), found("refuted", HALF_LIFE)]
    for order in (findings, findings[::-1]):
        made = standing(order)
        assert (made.confirmed, made.refuted, made.time) == (1.5, 1.0, HALF_LIFE)
    assert standing(findings).at(2 * HALF_LIFE).confirmed == 0.75
    assert standing([]) == Standing()


def test_an_unsure_word_weighs_less() -> None:
    assert weighed(5.0, 10_000) == 5.0
    assert weighed(5.0, 5_000) == 3.0
    assert weighed(5.0, 0) == 1.0
