"""The habits of a storage slot, and what breaks them."""

import math

from detectors.slots import Ratio, Slot


def slot(*values: float) -> Slot:
    found = Slot()
    for value in values:
        found.learn(math.log1p(value), 1.0)
    return found


def test_a_constant_that_changes_surprises_by_how_long_it_was_one() -> None:
    short, long = slot(*[7.0] * 4), slot(*[7.0] * 400)
    assert 0.0 < short.surprise(math.log1p(8.0)) < long.surprise(math.log1p(8.0))
    assert long.surprise(math.log1p(7.0)) == 0.0


def test_a_gauge_may_move_as_it_always_did_but_not_jump() -> None:
    gauge = slot(*(1e20 * (1.01 if number % 2 else 1.0) for number in range(100)))
    ordinary = gauge.surprise(math.log1p(1e20))
    assert ordinary < 2.0
    assert gauge.surprise(math.log1p(1e14)) > ordinary + 5.0


def test_a_slot_without_habits_surprises_nobody() -> None:
    assert Slot().surprise(5.0) == 0.0
    assert slot(3.0).surprise(math.log1p(1e30)) == 0.0


def ratio(*values: float) -> Ratio:
    found = Ratio()
    for value in values:
        found.learn(math.log(value), 1.0)
    return found


def test_a_ratio_that_keeps_may_grow_by_interest_but_not_jump() -> None:
    kept = ratio(*(1.05 * 1.0000002**number for number in range(200)))
    assert kept.surprise(math.log(1.05 * 1.0000002**201)) < 2.0
    assert kept.surprise(math.log(1.05 * 1.02)) > 5.0


def test_two_slots_that_do_not_keep_together_have_no_ratio_to_break() -> None:
    loose = ratio(*(1.0 + number % 7 for number in range(200)))
    assert loose.surprise(math.log(1e6)) == 0.0
