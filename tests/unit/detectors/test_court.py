"""The arithmetic of the court, on scores made up so that the answer is known."""

import pytest

from detectors import court
from detectors.scoring import Row


def row(case: str, order: int, score: float, **parts: object) -> Row:
    given: dict[str, object] = {
        "case": case,
        "order": order,
        "tx": f"{case}-{order}",
        "score": score,
        "p_value": 10.0**-score,
        "alerted": score > 2.6,
        "detectors": (),
        "block": order * 7200,
    }
    return Row(**(given | parts))  # type: ignore[arg-type]  # parts are the caller's to fit


def test_wilsons_interval_is_what_its_formula_gives_by_hand() -> None:
    low, high = court.wilson(5, 6)
    assert (round(low, 3), round(high, 3)) == (0.498, 0.962)
    assert court.wilson(0, 0) == (0.0, 1.0)


def test_a_history_is_judged_by_rank_false_alerts_and_lead() -> None:
    rows = [row("a", order, score) for order, score in enumerate([1.0, 3.0, 0.5, 2.0, 4.0])]
    found = court.history("a", rows, "a-4")
    assert (found.rank, found.alerted, found.false_alerts) == (1, True, 1)
    assert found.lead_blocks == 3 * 7200
    assert found.false_per_period == pytest.approx(15.0)


def test_a_history_without_an_exploit_has_false_alerts_alone() -> None:
    found = court.history("a", [row("a", 0, 3.0)], "")
    assert (found.rank, found.false_alerts) == (None, 1)


def test_recall_is_told_at_the_threshold_that_ordinary_scores_set() -> None:
    ordinary = {f"b{case}": [float(case)] * 10 for case in range(10)}
    attacks = {f"x{case}": [score] for case, score in enumerate([0.5, 8.5, 9.5, 12.0])}
    found = court.recall_at(0.1, attacks, ordinary)
    assert (found.recall, found.threshold) == (0.75, 8.0)
    assert found.interval[0] <= found.recall <= found.interval[1]
    assert court.recall_at(0.1, attacks, ordinary) == found


def test_the_area_is_one_for_perfect_scores_and_half_for_none() -> None:
    apart = court.roc({"x": [2.0, 3.0]}, {"b": [0.0, 1.0]})
    same = court.roc({"x": [1.0]}, {"b": [1.0]})
    assert (court.area(apart), court.area(same)) == (1.0, 0.5)


def test_a_detector_can_be_taken_out() -> None:
    rows = [row("a", 0, 1.0, evidence={"x": 2.0, "y": 3.0}, frames=3)]
    assert court.grouped(rows, without="x") == {"a": [3.0]}
    assert court.grouped(rows, frames=10) == {}
