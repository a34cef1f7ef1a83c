"""Brakes that would not work wake people, without Prometheus."""

import pytest

from paging.unready import STANDS
from tests.unit.paging.stand import Office, readiness

ROLE = "the gate lacks the role"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize(
    "why",
    [
        ROLE,
        "0xaa holds 1 wei; a brake at the highest fee may need 250000000000000000",
        "the seal is spent, or has expired; a new one is needed",
        "the Safe is at nonce 2, and this call is signed for 0, 1: sign it anew",
        "a transaction of 0xaa with nonce 7 waits, and brakes behind it",
    ],
)
def test_a_brake_that_would_not_work_is_told_at_once(office: Office, why: str) -> None:
    office.publish(readiness(pause="", tighten=why))
    office.after()
    assert office.counts() == (1, 1, 0)
    (told,) = office.ears["phone"].heard
    assert f"meadow on eip155:1: the brake tighten would not work now: {why}" in told.body
    assert "pause would" not in told.body


def test_it_is_told_once_for_each_rung_however_often_it_is_found(office: Office) -> None:
    for second in range(0, 330, 15):
        office.publish(readiness(pause=f"holds {second} wei"))
        office.after(15)
    assert office.counts() == (1, 1, 1)
    assert "told 1 times" in office.ears["lead"].heard[0].body


def test_another_brake_that_fails_meanwhile_is_told_too(office: Office) -> None:
    office.publish(readiness(pause=ROLE, tighten=""))
    office.after()
    office.publish(readiness(pause=ROLE, tighten=ROLE), readiness("orchard", pause=ROLE))
    office.after(15)
    assert office.counts() == (2, 2, 0)
    assert "tighten" in office.ears["phone"].heard[1].body
    assert "orchard" in office.ears["phone"].heard[1].body


def test_what_comes_and_goes_is_one_trouble(office: Office) -> None:
    for _ in range(3):
        office.publish(readiness(pause=ROLE))
        office.after(15)
        office.publish(readiness(pause=""))
        office.after(STANDS / 3)
    assert office.counts()[0] == 1
    for _ in range(13):
        office.publish(readiness(pause=""))
        office.after(15)
    assert office.counts()[0] == 2
    assert "the brake pause works again" in office.ears["phone"].heard[1].body
    office.publish(readiness(pause=ROLE))
    office.after()
    assert office.counts()[0] == 3, "and another is told anew"


def test_a_responder_that_has_not_rehearsed_yet_says_nothing_of_it(office: Office) -> None:
    office.publish(readiness(pause=ROLE))
    office.after()
    for _ in range(20):
        office.publish(readiness(pause="", rehearsed=None))
        office.after(15)
    assert "works again" not in office.said()


def test_where_nobody_says_anything_any_more_nothing_is_told(office: Office) -> None:
    office.publish(readiness(pause=ROLE))
    office.after()
    told = office.counts()[0]
    office.after(STANDS + 1)
    office.after(3600)
    assert office.counts()[0] == told


def test_another_pager_hears_of_it_anew(office: Office) -> None:
    office.publish(readiness(pause=ROLE))
    office.after()
    office.restart()
    office.after(15)
    assert office.counts()[0] == 1, "what was said before it came is not read"
    office.publish(readiness(pause=ROLE))
    office.after()
    assert office.counts()[0] == 2
