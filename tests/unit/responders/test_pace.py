"""What was asked in vain is asked again, ever later, and for ever."""

from itertools import pairwise

from responders.pace import LONGEST, Pace


def test_each_time_twice_as_late_and_never_later_than_the_bound() -> None:
    pace, now, asked = Pace(), 100, []
    for now in range(100, 100 + 4 * LONGEST):
        if pace.due("a", now):
            asked.append(now)
            pace.in_vain("a", now)
    waits = [late - early for early, late in pairwise(asked)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert pace.due("b", now), "another one does not wait for it"


def test_what_came_to_something_begins_anew() -> None:
    pace = Pace()
    for _ in range(5):
        pace.in_vain("a", 100)
    assert not pace.due("a", 101)
    pace.done("a")
    assert pace.due("a", 101)
    pace.in_vain("a", 101)
    assert pace.due("a", 102)
