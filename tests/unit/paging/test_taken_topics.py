"""The pager's own topics in a stranger's hands: what a writer there brings about, and what not."""

import zlib
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from paging import book
from runtime.broker import Partition
from runtime.intake import FUSE
from schemas.codec import decode_from, encode
from schemas.paging import Page
from schemas.topics import BEATS, DEAD_LETTERS, INCIDENTS, PAGES
from tests.unit.paging.stand import Office, beat, case

SERVICES = ("ingest", "detect", "respond")


def said(office: Office) -> str:
    """Return every title that anybody was told."""
    return " ".join(title for titles in office.titles().values() for title in titles)


def own_page(office: Office) -> Page:
    """The page that a pager wrote about the case, as it stands."""
    (page,) = (
        decode_from(PAGES, message.value or b"")
        for number in range(PAGES.partitions)
        for message in office.broker.log(Partition(PAGES.name, number))[-1:]
    )
    assert isinstance(page, Page)
    return page


def forge(office: Office, *pages: Page | bytes, name: str = "0x1") -> None:
    """Write pages about a case where another pager reads them, and have that one begin."""
    about = case(name)
    key = f"{about.protocol}/{about.id}".encode()
    place = zlib.crc32(key) % INCIDENTS.partitions
    for page in pages:
        value = page if isinstance(page, bytes) else encode(page)
        office.broker.producer().send(PAGES.name, value, key=key, partition=place)
    office.restart()


@pytest.fixture
def office() -> Office:
    """A pager that told its first rung of a case."""
    office = Office()
    office.publish(case())
    office.after()
    assert office.counts() == (1, 1, 0)
    return office


FAR = 2**53 - 1


def in_hand(page: Page) -> Page:
    return replace(page, ended="acknowledged", by="mallory")


LIES: dict[str, Callable[[Page], Page]] = {
    "in hand": in_hand,
    "closed": lambda page: replace(page, ended="closed"),
    "due in ages": lambda page: replace(page, due=FAR, since=FAR),
    "told to the end": lambda page: replace(page, due=FAR, rung=FAR),
    "of no severity that anybody is told": lambda page: replace(page, severity="low"),
    "another case": lambda page: replace(page, incident="f" * 64, due=FAR),
}


@pytest.mark.parametrize("lie", LIES)
def test_whatever_a_forged_page_says_people_are_told_within_an_interval(
    office: Office, lie: str
) -> None:
    forge(office, LIES[lie](own_page(office)))
    before = sum(office.counts())
    office.after()
    office.after(15 * 60)
    assert sum(office.counts()) > before


def test_the_worst_keeps_back_the_next_call_for_one_interval(office: Office) -> None:
    forge(office, replace(own_page(office), due=FAR))
    office.after(15 * 60 - 1)
    assert office.counts() == (1, 1, 0)
    office.after(1)
    assert office.counts() == (1, 1, 1)


def test_a_page_from_before_there_was_a_case_counts_for_nothing() -> None:
    other, office = Office(), Office()
    other.publish(case())
    other.after()
    forge(office, in_hand(own_page(other)))
    office.publish(case())
    office.after()
    assert office.counts() == (1, 1, 0)


def test_a_forged_page_silences_no_other_case(office: Office) -> None:
    forge(office, replace(own_page(office), due=FAR))
    office.publish(case("0x2"))
    office.after()
    assert office.counts() == (2, 2, 0)


def test_a_replayed_page_tells_a_step_again_and_forgets_none(office: Office) -> None:
    first = own_page(office)
    office.after(300)
    assert office.counts() == (1, 1, 1)
    forge(office, first)
    office.after()
    assert office.counts() == (1, 1, 2)


def test_what_was_acknowledged_stays_so_for_another_pager(office: Office) -> None:
    office.publish(case(acknowledged="critical"))
    office.after()
    told = office.counts()
    office.restart()
    office.after(3600)
    assert office.counts() == told


def test_a_flood_of_forged_pages_takes_bounded_memory_and_keeps_no_case_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "MOST_OPEN", 50)
    true = own_page(office)
    forge(office, *(replace(true, incident=f"{n:064x}") for n in range(5)))
    for number in range(400):
        key = f"meadow/{number:064x}".encode()
        office.broker.producer().send(PAGES.name, encode(true), key=key)
    office.restart()
    office.after(300)
    assert office.counts()[2] == 1
    assert len(office.pager._pages) == 1, "pages of no case are none"


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


def test_no_amount_of_rubbish_stops_the_pager() -> None:
    """It would be the first thing to do to it. The rest is read, and Prometheus tells of a
    streak."""
    office = Office(SERVICES)
    for topic in (BEATS.name, INCIDENTS.name):
        for number in range(3 * FUSE):
            value = (b"{", b"\xff" * 9, b"[" * 100_000, b"null")[number % 4]
            office.broker.producer().send(topic, value, key=b"x")
    office.publish(case())
    office.after()
    assert office.counts() == (1, 1, 0)


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


def test_a_forged_case_wakes_people_for_nothing(office: Office) -> None:
    office.publish(case("0x2", latest=int(office.clock.now_ns() // 10**9)))
    office.after()
    assert office.counts() == (2, 2, 0)


@pytest.mark.parametrize("lie", ["closed", "acknowledged"])
def test_a_true_case_that_is_forged_to_be_over_wakes_nobody_until_it_becomes_graver(
    lie: str,
) -> None:
    """The worst, and those who had been told hear that it is over. Prometheus tells of alerts and
    brakes by another way."""
    office = Office()
    office.publish(case(severity="medium"))
    office.after()
    forged = case(severity="medium", acknowledged="medium")
    office.publish(forged if lie == "acknowledged" else case(severity="medium", phase="closed"))
    office.after(3600)
    assert office.counts() == (0, 2, 0)
    office.publish(case(severity="critical"))
    office.after()
    assert office.counts() == (1, 3, 0)


def test_one_that_is_forged_to_be_closed_wakes_again_with_its_next_true_record(
    office: Office,
) -> None:
    office.publish(case(phase="closed"))
    office.after()
    told = office.counts()
    office.publish(case())
    office.after()
    assert office.counts()[0] == told[0] + 1


def test_a_replayed_state_of_a_case_wakes_again_and_no_more_than_that(office: Office) -> None:
    office.publish(case(phase="closed"))
    office.after()
    told = office.counts()
    for _ in range(5):
        office.publish(case())
    office.after()
    assert office.counts() == (told[0] + 1, told[1] + 1, told[2])


def test_a_flood_of_forged_cases_pushes_out_the_less_grave_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As grave as can be they push out the true one, beyond 10,000 of them: it is told before."""
    monkeypatch.setattr(book.Book.__init__, "__defaults__", (50, 50))
    office = Office()
    office.publish(case())
    for number in range(200):
        office.publish(case(f"0x{number + 2}", severity="medium"))
    office.after()
    assert len(office.pager._pages) == 50
    assert office.counts()[0] == 1
    office.after(300)
    assert office.counts()[2] == 1, "who leads is called of it all the same"


def test_a_case_of_the_far_past_or_future_breaks_nothing(office: Office) -> None:
    office.publish(case("0x2", latest=0), case("0x3", latest=FAR))
    office.after()
    assert office.counts()[0] == 2, "what is old wakes nobody"
