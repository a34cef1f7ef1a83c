from itertools import pairwise

import pytest
from scipy.integrate import quad

from schemas.risk import Holding
from tests.unit.underwriting.worlds import DAY, START, inputs, model, sign, source
from underwriting.assessment import Loss, assess, loss_of, price_of
from underwriting.severity import Severity

MODEL = model()
SEVERITY: Severity = MODEL.severity


@pytest.mark.parametrize("most", [1e3, 1e6, 1e7, 3e7, 1e9])
def test_the_mean_loss_is_the_integral_of_what_exceeds(most: float) -> None:
    inside, _ = quad(SEVERITY.beyond, 0, min(most, 1e7), limit=200, points=[1e2, 1e4, 1e5])
    outside = quad(SEVERITY.beyond, 1e7, most, limit=400)[0] if most > 1e7 else 0.0
    assert SEVERITY.mean(most) == pytest.approx(inside + outside, rel=1e-4)


@pytest.mark.parametrize("share", [0.999, 0.5, 0.11, 0.1, 0.05, 1e-6])
def test_the_loss_that_a_share_exceeds_is_exceeded_by_it(share: float) -> None:
    assert SEVERITY.beyond(SEVERITY.exceeded_by(share)) == pytest.approx(share)


def test_body_and_tail_meet() -> None:
    assert SEVERITY.beyond(1e7) == pytest.approx(0.1)
    assert SEVERITY.beyond(1e7 * (1 + 1e-12)) == pytest.approx(0.1)


def test_an_unlikely_loss_has_no_value_at_risk_and_yet_a_tail() -> None:
    loss = loss_of(SEVERITY, 0.004, 5e6, 0.99)
    assert loss.at_risk == 0.0
    assert loss.tail == pytest.approx(loss.expected / 0.01)


def test_a_likely_loss_has_the_shortfall_that_its_definition_gives() -> None:
    chance, most, tail = 0.3, 5e7, 0.01
    loss = loss_of(SEVERITY, chance, most, 1 - tail)
    assert chance * SEVERITY.beyond(loss.at_risk) == pytest.approx(tail)
    beyond, _ = quad(lambda x: chance * SEVERITY.beyond(x) / tail, loss.at_risk, most, limit=200)
    assert loss.tail == pytest.approx(loss.at_risk + beyond, rel=1e-6)


def test_where_all_is_lost_often_enough_all_is_at_risk() -> None:
    loss = loss_of(SEVERITY, 0.9, 1e5, 0.99)
    assert loss == Loss(0.9 * SEVERITY.mean(1e5), 1e5, 1e5)


def test_the_price_is_the_loss_and_what_capital_costs() -> None:
    loss = loss_of(SEVERITY, 0.004, 1e6, 0.99)
    year = 365.25 * DAY
    assert price_of(loss, 0.06, year) == pytest.approx(
        loss.expected + 0.06 * (loss.tail - loss.expected)
    )
    assert price_of(loss, 0.0, year) == loss.expected


def figures(**changed: object) -> dict[str, tuple[float, float, float]]:
    found = assess(inputs(**changed), START, MODEL)
    return {one.name: (one.value, one.low, one.high) for one in found.figures}


def test_every_figure_lies_in_its_interval() -> None:
    for evidence in ((), (sign(1e-9),)):
        for name, (value, low, high) in figures(evidence=evidence).items():
            assert low <= value <= high, name


def test_nothing_is_lost_that_is_not_there() -> None:
    found = figures(held=Holding(value=1000.0, source="chain"), evidence=(sign(0.0, odds=100.0),))
    assert found["tail_loss"][2] <= 1000.0
    assert found["value_at_risk"][2] <= 1000.0


def test_an_empty_protocol_has_no_loss_and_no_price() -> None:
    found = figures(held=Holding(value=0.0, source="chain"))
    assert found["expected_loss"] == found["cover_price"] == found["cover_rate"] == (0.0, 0.0, 0.0)


def test_what_was_lost_since_calm_counts_against_the_allowable_loss() -> None:
    def consumed(**changed: object) -> float:
        return figures(**{"standing": "braked"} | changed)["mal_consumed"][0]

    assert consumed(before=5.25e6) == pytest.approx(0.25)
    assert consumed(before=4e6) == 0.0
    assert consumed(before=6e6, allowable=0.0) == 0.0
    assert consumed(before=6e6, standing="calm") == 0.0


def test_the_price_rises_with_evidence_and_cover() -> None:
    calm, alarmed = figures(), figures(evidence=(sign(1e-9),))
    assert alarmed["cover_rate"][0] > 3 * calm["cover_rate"][0]
    prices = [figures(cover=cover)["cover_price"][0] for cover in (1e4, 1e5, 1e6)]
    assert all(one < other for one, other in pairwise(prices))


def test_it_says_why_in_words() -> None:
    found = assess(
        inputs(
            evidence=(sign(1e-8, at=START - 60),),
            standing="braked",
            case=source(9, "incidents-v1"),
            held=Holding(value=1.0, source="manifest"),
        ),
        START,
        MODEL,
    )
    said = " | ".join(found.reasons)
    assert "recorded incidents alone" in said
    assert "of 60 s ago, p-value 1e-08" in said
    assert "is open: braked" in said
    assert "the manifest's word" in said
