"""Neighbours raise the odds by what some honest one stands for, and never by more."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.neighbourhood import MAX_SIGNAL_ODDS, MOST_SIGNALS, Neighbourhood, doubted, warned
from schemas.actions import Heard, Warned
from schemas.issuers import Issuer
from schemas.manifest import Dependency, Manifest
from schemas.signals import Signal, Verdict
from tests.unit.neighbours.examples import NOW, address, unsigned
from tests.unit.responders.examples import CHAIN, POOL, manifest

ORACLE = "0x" + "cc" * 20
HERE = f"{CHAIN}:{POOL}"


def listening(count: int, confirmed: int = 20, **changes: Any) -> Manifest:
    issuers = tuple(
        Issuer(name=f"n{number}", address=address(number), confirmed=confirmed, **changes)
        for number in range(1, count + 1)
    )
    oracle = Dependency(name="oracle", kind="oracle", address=ORACLE)
    return manifest().model_copy(update={"issuers": issuers, "dependencies": (oracle,)})


def warning(by: int = 1, **changes: Any) -> Signal:
    return unsigned(by, **{"target": HERE} | changes)


def odds(neighbourhood: Neighbourhood, now: int = NOW) -> float:
    return warned(neighbourhood.heard("meadow", now))


def found(by: int, finding: str, number: int = 0, time: int = NOW) -> Verdict:
    return Verdict(
        id=f"{number:064x}",
        signal=f"{number:064x}",
        issuer=address(by),
        finding=finding,  # type: ignore[arg-type]
        time=time,
        protocol="meadow",
    )


def heard(issuers: int, *ratios: float, unmasked: int = 0) -> Heard:
    warnings = tuple(Warned(issuer=POOL, signal="0" * 64, ratio=ratio) for ratio in ratios)
    return Heard(issuers=issuers, unmasked=unmasked, warnings=warnings)


def test_a_signal_warns_those_whom_its_target_reaches() -> None:
    elsewhere = f"{CHAIN}:0x{'12' * 20}"
    neighbourhood = Neighbourhood([listening(1, concerns=(elsewhere,))])
    for target in (HERE, f"{CHAIN}:{ORACLE}", elsewhere):
        assert neighbourhood.take(warning(target=target, id=target[-4:] * 16)) == {"meadow"}
    assert neighbourhood.take(warning(target=f"eip155:1:{POOL}")) == frozenset()


def test_it_raises_the_odds_until_it_expires() -> None:
    neighbourhood = Neighbourhood([listening(1)])
    assert odds(neighbourhood) == 1.0
    neighbourhood.take(warning())
    assert odds(neighbourhood) == pytest.approx(0.9 * 6.52 + 0.1, abs=0.01)
    assert odds(neighbourhood, NOW + 3600) == 1.0


@pytest.mark.parametrize("changes", [{"severity": "medium"}, {"confidence": 0}])
def test_what_is_not_grave_or_is_taken_back_raises_nothing(changes: dict[str, Any]) -> None:
    neighbourhood = Neighbourhood([listening(1)])
    neighbourhood.take(warning(**changes))
    assert odds(neighbourhood) == 1.0


def test_of_one_matter_the_newest_word_counts() -> None:
    neighbourhood = Neighbourhood([listening(1)])
    assert neighbourhood.take(warning(seq=5, confidence=0)) == frozenset()
    assert neighbourhood.take(warning(seq=4)) == frozenset()
    assert odds(neighbourhood) == 1.0
    assert neighbourhood.take(warning(seq=6)) == {"meadow"}
    assert odds(neighbourhood) > 1.0


def test_a_newcomer_raises_nothing_until_it_was_right() -> None:
    neighbourhood = Neighbourhood([listening(1, confirmed=0)])
    neighbourhood.take(warning(confidence=10_000))
    assert odds(neighbourhood) == 1.0
    for number in range(10):
        neighbourhood.learn(found(1, "confirmed", number))
    assert odds(neighbourhood) == pytest.approx(3.19, abs=0.01)


def test_one_signal_counts_once_however_often_people_say_so_and_the_last_word_counts() -> None:
    neighbourhood = Neighbourhood([listening(1, confirmed=0)])
    for time in range(9):
        neighbourhood.learn(found(1, "confirmed", time=NOW + time))
    assert neighbourhood.standings("meadow", NOW)[address(1)].confirmed == 1
    neighbourhood.learn(found(1, "refuted", time=NOW + 20))
    neighbourhood.learn(found(1, "confirmed", time=NOW + 10))
    standing = neighbourhood.standings("meadow", NOW)[address(1)]
    assert (standing.confirmed, standing.refuted) == (0, 1)


@pytest.mark.parametrize(("issuers", "alone"), [(1, 0), (2, 0), (3, 1), (6, 2), (19, 6)])
def test_a_third_of_the_neighbours_alone_raise_nothing(issuers: int, alone: int) -> None:
    neighbourhood = Neighbourhood([listening(issuers, confirmed=1000)])
    for by in range(1, alone + 1):
        neighbourhood.take(warning(by, confidence=10_000))
        assert odds(neighbourhood) == 1.0
    neighbourhood.take(warning(alone + 1, confidence=10_000))
    assert odds(neighbourhood) == MAX_SIGNAL_ODDS


def test_who_was_wrong_again_and_again_is_left_out_and_fewer_have_to_agree() -> None:
    neighbourhood = Neighbourhood([listening(3, confirmed=0)])
    for number in range(4):
        neighbourhood.learn(found(1, "refuted", number))
    for number in range(20):
        neighbourhood.learn(found(2, "confirmed", 100 + number))
    neighbourhood.take(warning(1, confidence=10_000))
    assert neighbourhood.heard("meadow", NOW) is None
    neighbourhood.take(warning(2, confidence=10_000))
    assert odds(neighbourhood) == pytest.approx(6.52, abs=0.01)


@given(
    st.lists(st.floats(1, 100), min_size=1, max_size=20),
    st.lists(st.floats(1, 1e9), max_size=10),
    st.integers(0, 40),
    st.integers(0, 10),
)
def test_whatever_a_third_says_the_odds_are_what_some_honest_neighbour_stands_for(
    honest: list[float], liars: list[float], silent: int, unmasked: int
) -> None:
    """The third counts those that were unmasked, whose words are left out before."""
    issuers = len(honest) + len(liars) + silent + unmasked
    unmasked = min(unmasked, issuers // 3)
    lying = liars[: issuers // 3 - unmasked]
    told = warned(heard(issuers, *honest, *lying, unmasked=unmasked))
    assert 1.0 <= told <= warned(heard(0, *honest)), "true words alone, none left out, say as much"
    assert warned(heard(issuers, *lying, unmasked=unmasked)) == 1.0


@given(st.lists(st.floats(0, 1e9), max_size=20), st.integers(0, 60), st.integers(0, 60))
def test_no_warning_ever_lowers_the_odds(ratios: list[float], issuers: int, known: int) -> None:
    told = heard(issuers, *ratios, unmasked=known)
    more = msgspec.structs.replace(told, warnings=(*told.warnings, *heard(1, 5.0).warnings))
    assert 1.0 <= warned(told) <= warned(more) <= MAX_SIGNAL_ODDS
    assert doubted(told) >= 0


def test_an_issuer_cannot_fill_the_memory() -> None:
    neighbourhood = Neighbourhood([listening(1)])
    for seq in range(MOST_SIGNALS + 10):
        neighbourhood.take(warning(seq=seq, id=f"{seq:064x}", expiry=NOW + 10 + seq))
    assert len(neighbourhood._signals[address(1)]) == MOST_SIGNALS
    assert f"{0:064x}" not in neighbourhood._signals[address(1)]


def test_findings_that_a_stranger_could_provoke_would_undo_the_bound() -> None:
    """Why people alone find signals right or wrong (ADR 41). Two of six lie. If an alarm of ours
    that came to nothing refuted whoever was warning then, four alarms that somebody provoked would
    unmask two honest neighbours, and the liars would be heard."""
    neighbourhood = Neighbourhood([listening(6, confirmed=0)])
    for liar in (1, 2):
        for number in range(20):
            neighbourhood.learn(found(liar, "confirmed", number))
        neighbourhood.take(warning(liar, confidence=10_000))
    assert odds(neighbourhood) == 1.0
    for honest in (5, 6):
        for number in range(4):
            neighbourhood.learn(found(honest, "refuted", number))
    assert odds(neighbourhood) == pytest.approx(6.52, abs=0.01)
