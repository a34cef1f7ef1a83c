"""The pager's own topics in a stranger's hands: what a writer there brings about, and what not."""

import pytest

from runtime.broker import Partition
from schemas.topics import DEAD_LETTERS, PAGES
from tests.unit.paging.stand import Office, beat, case

SERVICES = ("ingest", "detect", "respond")


def said(office: Office) -> str:
    """Return every title that anybody was told."""
    return " ".join(title for titles in office.titles().values() for title in titles)


@pytest.fixture
def robbed() -> Office:
    """A pager whose topic holds, forged, that people were told of a case: what another pager wrote
    that told channels of its own."""
    other, office = Office(), Office()
    other.publish(case())
    other.after()
    for number in range(PAGES.partitions):
        for message in other.broker.log(Partition(PAGES.name, number)):
            office.broker.producer().send(PAGES.name, message.value or b"", key=message.key)
    office.restart()
    return office


def test_a_forged_page_keeps_back_the_first_call_and_no_later_one(robbed: Office) -> None:
    robbed.publish(case())
    robbed.after()
    assert robbed.counts() == (0, 0, 0), "the worst: whoever is first is not woken"
    robbed.after(300)
    assert robbed.counts() == (0, 0, 1), "the next step of the ladder is"
    robbed.after(900)
    assert robbed.counts() == (0, 0, 2), "again and again, until somebody has it"


def test_a_forged_page_silences_its_own_case_alone(robbed: Office) -> None:
    robbed.publish(case(), case("0x2"))
    robbed.after()
    assert robbed.counts() == (1, 1, 0)


def test_rubbish_among_pages_wakes_everybody_all_the_same() -> None:
    office = Office()
    for value in (b"", b"{", b'{"type":"page"}', b"\xff" * 9):
        office.broker.producer().send(PAGES.name, value, key=b"meadow/1")
    office.restart()
    office.publish(case())
    office.after()
    assert office.counts() == (1, 1, 0)


def test_without_its_pages_people_are_told_again_rather_than_not() -> None:
    office = Office()
    office.publish(case())
    office.after()
    for number in range(PAGES.partitions):
        office.broker.log(Partition(PAGES.name, number)).clear()
    office.restart()
    office.after()
    assert office.counts() == (2, 2, 0)


def test_forged_beats_hide_a_silent_service_and_no_other() -> None:
    office = Office(SERVICES)
    for _ in range(4):
        office.publish(beat("detect", instance="forged"), beat("ingest"))
        office.after(9.0)
    told = said(office)
    assert "respond" in told
    assert "detect" not in told, "the worst: for this one Prometheus has to look"
    assert "ingest" not in told


def test_rubbish_among_beats_hides_nobody_and_is_kept() -> None:
    office = Office(SERVICES)
    for value in (b"{", b'{"type":"beat"}', b"\xff" * 9):
        office.broker.producer().send("beats-v1", value, key=b"x")
    for _ in range(4):
        office.after(9.0)
    told = said(office)
    assert "was never heard of (and 2 more)" in told
    places = (Partition(DEAD_LETTERS.name, number) for number in range(DEAD_LETTERS.partitions))
    assert sum(len(office.broker.log(place)) for place in places) == 3
