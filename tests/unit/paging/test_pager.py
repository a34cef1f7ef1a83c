"""The service in memory: who is told, how often, and until when."""

import pytest

from runtime.beats import instance
from runtime.broker import Partition
from schemas.codec import decode_from
from schemas.paging import Page
from schemas.topics import INCIDENTS, PAGES
from tests.unit.paging.stand import NOW, Office, beat, case


@pytest.fixture
def office() -> Office:
    return Office()


def test_each_severity_has_its_channels(office: Office) -> None:
    office.publish(case("0x1"))
    office.after()
    assert office.counts() == (1, 1, 0)
    office.publish(case("0x2", severity="medium"))
    office.after()
    assert office.counts() == (1, 2, 0)
    office.publish(case("0x3", severity="low"))
    office.after(3000)
    assert all("case 3" not in title for titles in office.titles().values() for title in titles)


def test_a_case_that_goes_on_wakes_nobody_again(office: Office) -> None:
    for _ in range(20):
        office.publish(case())
        office.after(1)
    assert office.counts() == (1, 1, 0)


def test_it_climbs_the_ladder_and_stays_at_its_end(office: Office) -> None:
    office.publish(case())
    office.after()
    office.after(299)
    assert office.counts() == (1, 1, 0)
    office.after(1)
    assert office.counts() == (1, 1, 1)
    for repeats in range(2, 5):
        office.after(15 * 60)
        assert office.counts() == (1, 1, repeats)


@pytest.mark.parametrize("restarted", [False, True])
def test_an_acknowledged_case_wakes_nobody(office: Office, restarted: bool) -> None:  # noqa: FBT001
    office.publish(case())
    office.after()
    office.publish(case(acknowledged="critical"))
    office.after()
    assert office.counts() == (2, 2, 0)  # they are told that somebody has it
    assert "alice has it" in office.titles()["phone"][-1]
    if restarted:
        office.restart()
    office.after(86_400)
    assert office.counts() == (2, 2, 0)


def test_but_one_that_becomes_graver_does(office: Office) -> None:
    office.publish(case(severity="medium"))
    office.after()
    office.publish(case(severity="medium", acknowledged="medium"))
    office.after()
    told = office.counts()
    office.publish(case(severity="critical", acknowledged="medium"))
    office.after()
    assert [now - before for now, before in zip(office.counts(), told, strict=True)] == [1, 1, 0]
    office.after(300)
    assert office.counts()[2] == 1


def test_a_case_that_was_nothing_ends_it(office: Office) -> None:
    office.publish(case())
    office.after()
    office.publish(case(phase="closed", severity="low"))
    office.after(86_400)
    assert office.counts() == (2, 2, 0)
    assert "closed" in office.titles()["phone"][-1]


@pytest.mark.parametrize("away", [False, True])
def test_that_one_in_hand_is_closed_is_told_once(office: Office, *, away: bool) -> None:
    office.publish(case())
    office.after()
    office.publish(case(acknowledged="critical"))
    office.after()
    office.publish(case(phase="closed", acknowledged="critical"))
    if away:
        office.restart()
    office.after()
    assert office.counts() == (3, 3, 0)
    assert "closed" in office.titles()["phone"][-1]
    office.publish(case(phase="closed", acknowledged="critical"), case(acknowledged="critical"))
    office.after(86_400)
    office.restart()
    office.after(86_400)
    assert office.counts() == (3, 3, 0)


def test_whoever_is_just_being_told_hears_that_somebody_has_it(office: Office) -> None:
    office.ears["phone"].up = False
    office.publish(case())
    office.after()
    office.publish(case(acknowledged="critical"))
    office.after()
    office.ears["phone"].up = True
    office.after(2)
    for name in ("phone", "chat"):
        assert "alice has it" in office.ears[name].heard[-1].body


def test_a_channel_that_is_no_more_hears_of_no_ending(office: Office) -> None:
    office.ears["chat"].up = False
    office.publish(case(severity="medium"))
    for seconds in (0, 2, 8, 1):
        office.after(seconds)
    assert office.counts() == (1, 0, 0)
    del office.ears["phone"]
    office.restart()
    office.publish(case(severity="medium", acknowledged="medium"))
    office.after()
    assert office.titles() == {"chat": [], "lead": []}


def test_another_one_goes_on_where_it_was_killed(office: Office) -> None:
    office.publish(case())
    office.after()
    office.restart()
    office.after(299)
    assert office.counts() == (1, 1, 0)
    office.restart()
    office.after(1)
    assert office.counts() == (1, 1, 1)


def test_killed_before_anybody_was_told_it_is_told(office: Office) -> None:
    office.ears["phone"].up = office.ears["chat"].up = office.ears["lead"].up = False
    office.publish(case())
    office.after()
    office.restart()
    for ear in office.ears.values():
        ear.up = True
    office.after()
    assert office.counts() == (1, 1, 0)


def test_a_channel_that_is_down_is_tried_again(office: Office) -> None:
    office.ears["phone"].up = False
    office.publish(case())
    office.after()
    assert office.counts() == (0, 1, 0)
    office.ears["phone"].up = True
    office.after(2)
    assert office.counts() == (1, 1, 0)


def test_what_a_channel_does_not_take_goes_through_another(office: Office) -> None:
    office.ears["phone"].up = False
    office.publish(case())
    for seconds in (0, 2, 8, 1, 1):
        office.after(seconds)
    assert office.ears["phone"].asked == 3
    assert office.counts() == (0, 1, 1)
    assert "channel phone could not be reached" in office.ears["lead"].heard[0].body
    failed = {"channel": "phone", "result": "failed"}
    assert office.metrics.registry.get_sample_value("firebreak_notifications_total", failed) == 1
    office.after(300)
    assert office.counts() == (0, 1, 2)


def test_nobody_reached_is_tried_until_somebody_is(office: Office) -> None:
    for ear in office.ears.values():
        ear.up = False
    office.publish(case())
    for _ in range(60):
        office.after(2)
    for ear in office.ears.values():
        ear.up = True
    for _ in range(30):
        office.after(2)
    assert sum(office.counts()) == 1


def test_many_cases_at_once_are_one_message(office: Office) -> None:
    office.publish(*(case(f"0x{number}") for number in range(40)))
    office.after()
    assert sum(office.counts()) <= 4
    (first, *_) = office.ears["phone"].heard
    assert "more" in first.title


def test_a_case_of_last_week_wakes_nobody(office: Office) -> None:
    office.publish(case(latest=NOW - 7 * 86_400))
    office.after(3000)
    assert office.counts() == (0, 0, 0)


def test_rubbish_on_the_topic_stops_nothing(office: Office) -> None:
    office.broker.producer().send(INCIDENTS.name, b"{", key=b"meadow/x")
    office.publish(case())
    office.after()
    assert office.counts() == (1, 1, 0)


def test_a_page_of_whom_nobody_is_told_any_more_ends(office: Office) -> None:
    office.publish(case("0x2", severity="medium"))
    office.after()
    told = office.counts()
    office.without("medium")
    office.after(86_400)
    assert office.counts() == told
    assert office.metrics.registry.get_sample_value("firebreak_pages_open") == 0


def test_what_was_told_is_on_the_topic(office: Office) -> None:
    office.publish(case())
    office.after()
    found = [
        decode_from(PAGES, message.value or b"")
        for number in range(PAGES.partitions)
        for message in office.broker.log(Partition(PAGES.name, number))
    ]
    newest = found[-1]
    assert isinstance(newest, Page)
    assert {(t.channel, t.rung, t.ok) for t in newest.tellings} == {
        ("phone", 0, True),
        ("chat", 0, True),
    }
    assert (newest.rung, newest.due - newest.since) == (1, 300_000)


def test_two_replicas_share_the_cases() -> None:
    office = Office()
    first = office.loop
    office.loop = office._loop()
    office.publish(*(case(f"0x{number}") for number in range(8)))
    for _ in range(3):
        first.step()
        office.after()
    told = "\n".join(message.body for message in office.ears["phone"].heard)
    assert told.count("firebreak acknowledge") == 8


def test_who_takes_over_a_replicas_cases_goes_on_with_them() -> None:
    office = Office()
    first, gone = office.loop, office._consumer
    office.loop = office._loop()
    names = [f"0x{number}" for number in range(8)]
    office.publish(*(case(name) for name in names))
    office.publish(*(case(name, acknowledged="critical") for name in names[:4]))
    for _ in range(3):
        first.step()
        office.after()
    told = office.counts()
    gone.close()
    office.after(299)
    assert office.counts() == told
    office.after(1)
    lead = "\n".join(message.body for message in office.ears["lead"].heard)
    assert lead.count("firebreak acknowledge") == 4
    assert all(case(name).id[:12] in lead for name in names[4:])


def test_a_service_that_falls_silent_is_paged_once_and_again_on_the_ladder() -> None:
    office = Office(watch=("detect",))
    office.after()
    for number in range(3):
        office.publish(beat("detect", number))
        office.after(10)
    assert office.counts() == (0, 0, 0)
    office.after(15.1)
    assert office.counts() == (1, 1, 0)
    assert "detect is silent" in office.titles()["phone"][0]
    office.after(10)
    assert office.counts() == (1, 1, 0)
    office.after(300)
    assert office.counts() == (1, 1, 1)
    office.publish(beat("detect", 9))
    office.after()
    assert [titles[-1] for titles in office.titles().values()] == [
        "Firebreak: firebreak itself: firebreak-detect works again"
    ] * 3
    silent = {"service": "detect"}
    assert office.metrics.registry.get_sample_value("firebreak_silent", silent) == 0


def test_only_its_own_beat_tells_the_pager_that_it_is_heard() -> None:
    office = Office()
    office.after(10)
    for other in (beat("detect", instance=instance()), beat("page", instance="another")):
        office.publish(other)
        office.after()
    assert office.outside.heard == float("-inf")
    office.publish(beat("page", instance=instance()))
    office.after()
    assert office.outside.heard == 10.0
