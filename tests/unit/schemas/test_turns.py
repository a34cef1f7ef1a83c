"""How a case was led back, in the order and at the times at which it was told."""

from msgspec.structs import replace

from schemas.ids import content_id
from schemas.turns import led_back
from tests.unit.console.scene import turn

SINCE = 1_000


def test_each_turn_is_at_its_time_by_who_signed_and_whose_key_told_it() -> None:
    told = (turn(0, "opened", SINCE + 5), turn(1, "approved", SINCE + 9, "rea"))
    found = list(led_back(told, SINCE, {told[0].id: "abc", told[1].id: "def"}))
    assert [one.recovery for one in found] == list(told)
    assert [one.turn for one in found] == [one.turn for one in told]
    assert [one.time - SINCE for one in found] == [5, 9]
    assert [one.who for one in found] == ["key abc", "rea, key def"]


def test_of_one_place_in_a_row_the_last_happened_whatever_was_told_between() -> None:
    lost, kept = turn(1, "staged", SINCE + 2), turn(1, "elapsed", SINCE + 4)
    between = replace(lost, id=content_id("recovery", "between"), turn=None)
    anew = turn(0, "opened", SINCE + 6)
    told = (turn(0, "opened", SINCE + 1), lost, between, kept, anew)
    found = list(led_back(told, SINCE, {}))
    assert [one.recovery for one in found] == [told[0], between, kept, anew]
    assert [one.time - SINCE for one in found] == [1, 1, 4, 6], "what was lost moves no time"


def test_the_same_told_again_is_there_once() -> None:
    opened, staged = turn(0, "opened", SINCE + 1), turn(1, "staged", SINCE + 2)
    lost = turn(1, "elapsed", SINCE + 3)
    found = [one.recovery for one in led_back((opened, staged, staged, lost, staged), SINCE, {})]
    assert found == [opened, staged]


def test_what_tells_no_time_has_that_of_the_one_before_it() -> None:
    told = (turn(0, "opened", None), turn(1, "staged", SINCE + 3), turn(2, "elapsed", None))
    assert [one.time - SINCE for one in led_back(told, SINCE, {})] == [0, 3, 3]
