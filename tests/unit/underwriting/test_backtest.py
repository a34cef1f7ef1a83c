from datetime import date, timedelta

import numpy as np
import pytest

from tests.unit.underwriting.worlds import DAY, model
from underwriting.backtest import (
    BLOCK_SECONDS,
    Day,
    Seen,
    alternative,
    days,
    exceedances,
    follow_of,
    forecasts,
    quarters,
    reliability,
    scores,
)
from underwriting.likelihood import WINDOW

LENGTH = DAY // BLOCK_SECONDS


def history(case: str, nights: int = 20, p_value: float = 1e-8) -> list[Seen]:
    """Quiet days with a hundred transactions each; the last one is the incident."""
    rows = [
        Seen(case, night * LENGTH + place * 60, 0.5, alerted=False, incident=False)
        for night in range(nights)
        for place in range(100)
    ]
    last = rows[-1]
    return [*rows[:-1], last._replace(p_value=p_value, alerted=p_value < 1e-3, incident=True)]


def told(p_value: float = 1e-8) -> list[tuple[Day, float, float]]:
    cases = (history(name, p_value=p_value) for name in ("a", "b", "c"))
    return forecasts(days(row for case in cases for row in case), DAY / 4)


def test_a_history_is_cut_into_days_and_one_holds_the_incident() -> None:
    found = days(history("a"))
    assert len(found) == 20
    assert [day.incident for day in found] == [False] * 19 + [True]
    assert found[-1].chances == 300
    ((age, p_value),) = found[-1].alerts
    assert 0 <= age < DAY
    assert p_value == 1e-8


def test_good_evidence_has_skill_and_its_interval_holds_it() -> None:
    for score in scores(told()).values():
        assert score.forecast < score.base
        assert score.low <= score.skill <= score.high
        assert score.skill > 0.5


def test_without_evidence_there_is_no_skill() -> None:
    for score in scores(told(0.5)).values():
        assert score.skill == pytest.approx(0.0, abs=1e-9)


def test_what_is_told_is_learned_from_other_protocols_alone() -> None:
    one = [row for row in told() if row[0].case == "a"]
    strange = history("a", p_value=1e-4)
    other = forecasts(days([*strange, *history("b"), *history("c")]), DAY / 4)
    assert one[0][2] == other[0][2]


def test_reliability_counts_every_day() -> None:
    assert sum(many for *_, many in reliability(told())) == len(told())


def test_a_law_is_as_steep_as_its_attacks() -> None:
    assert alternative([1e-6] * 6, 1.0).a < alternative([1e-2] * 6, 1.0).a
    law = alternative([1e-6] * 6, 1.0)
    assert law.low < law.a < law.high


def test_steady_incidents_lie_within_their_forecast() -> None:
    dates = [date(2021, 1, 1) + timedelta(days=7 * week) for week in range(260)]
    found = quarters(dates)
    assert len(found) == 15
    assert all(one.low <= one.recorded <= one.high for one in found)


def test_losses_of_one_law_exceed_it_as_often_as_they_should() -> None:
    law = model().severity
    rng = np.random.default_rng(3)
    drawn = [law.exceeded_by(share) for share in rng.random(1200)]
    for one in exceedances(drawn[:800], drawn[800:]):
        assert one.low - 2 <= one.beyond <= one.high + 2, one


def test_a_wait_beyond_the_window_is_counted_as_that_long() -> None:
    assert follow_of([100.0, 300.0, WINDOW * 9]) == pytest.approx((400 + WINDOW) / 2)
