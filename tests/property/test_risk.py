"""Figures never go the wrong way, hold their intervals, and come out again from their record."""

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import decode, encode
from schemas.risk import Evidence, Figure, Holding, Inputs, Risk
from tests.unit.underwriting.worlds import START, block, desk, inputs, manifest, model, sign
from underwriting.assessment import assess
from underwriting.rederive import differences
from underwriting.report import DECIMALS, report_of

MODEL = model()
unhurried = settings(deadline=None, derandomize=True, max_examples=60)
money = st.floats(0, 1e12)
p_values = st.floats(0, 1)
signs = st.builds(
    sign, p_values, st.integers(START - 400_000, START), st.integers(1, 9), st.floats(1, 1e4)
)
given_inputs = st.builds(
    lambda held, cover, before, evidence, per_day, level: inputs(
        held=Holding(value=held, source="chain"),
        cover=min(cover, held),
        before=before,
        evidence=tuple(evidence),
        transactions_per_day=per_day,
        level=level,
    ),
    money, money, money, st.lists(signs, max_size=5), st.floats(0.1, 1e7), st.floats(0.5, 0.999),
)  # fmt: skip


def figures(its: Inputs) -> dict[str, Figure]:
    return {one.name: one for one in assess(its, START, MODEL).figures}


@unhurried
@given(given_inputs)
def test_figures_hold_their_intervals_and_bounds(its: Inputs) -> None:
    found = figures(its)
    for one in found.values():
        assert one.low <= one.value <= one.high
    held = its.held.value
    assert found["probability"].low > 0
    assert found["probability"].high < 1
    assert found["expected_loss"].high <= held * (1 + 1e-9)
    assert found["value_at_risk"].high <= held
    assert found["tail_loss"].high <= held
    assert found["expected_loss"].value <= found["tail_loss"].value * (1 + 1e-9)
    assert found["cover_price"].high <= its.cover * (1 + 1e-9)


@unhurried
@given(given_inputs, signs)
def test_more_evidence_never_lowers_anything(its: Inputs, more: Evidence) -> None:
    one = figures(its)
    worse = inputs(**{name: getattr(its, name) for name in its.__struct_fields__} | {
        "evidence": (*its.evidence, more)
    })  # fmt: skip
    other = figures(worse)
    for name in ("probability", "expected_loss", "tail_loss", "cover_price"):
        assert one[name].value <= other[name].value * (1 + 1e-9)
        assert one[name].high <= other[name].high * (1 + 1e-9)


@unhurried
@given(p_values, p_values)
def test_a_stranger_alert_never_weighs_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = [figures(inputs(evidence=(sign(p),)))["probability"].value for p in (low, high)]
    assert found[0] >= found[1] * (1 - 1e-12)


@unhurried
@given(money, st.lists(signs, max_size=3))
def test_a_record_comes_out_again_after_its_journey(held: float, evidence: list[Evidence]) -> None:
    at = desk()
    for place, one in enumerate(evidence):
        at._files["meadow"].evidence[str(place)] = one
    risk, _ = at.look(manifest(), block(), Holding(value=held, source="chain"))
    assert risk is not None
    back = decode(encode(risk), Risk)
    assert differences(back, MODEL) == []
    report = report_of(back)
    assert 0 <= report.probability <= report.probability_high <= DECIMALS
    assert report.probability >= risk.figure("probability").value * DECIMALS - 1e-6
