"""The pager's own topics in a stranger's hands: what a writer there brings about, and what not."""

import zlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace

from paging import book, unready
from runtime.broker import Partition
from runtime.intake import FUSE
from runtime.keepers import Keepers, key_of
from runtime.signatures import Signer, Verifier, signed
from schemas.codec import decode_from, encode
from schemas.incidents import Incident
from schemas.paging import Page
from schemas.topics import BEATS, DEAD_LETTERS, INCIDENTS, PAGES, READINESS
from tests.unit.paging.stand import Office, beat, case, readiness

SERVICES = ("ingest", "detect", "respond")


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
    told = office.said()
    assert "respond" in told
    assert "detect" not in told, "the worst: for this one Prometheus has to look"
    assert "ingest" not in told


def test_no_amount_of_rubbish_stops_the_pager() -> None:
    """It would be the first thing to do to it. The rest is read, and Prometheus tells of a
    streak."""
    office = Office(SERVICES)
    for topic in (BEATS.name, INCIDENTS.name, READINESS.name):
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
    told = office.said()
    assert "was never heard of (and 2 more)" in told
    places = (Partition(DEAD_LETTERS.name, number) for number in range(DEAD_LETTERS.partitions))
    assert sum(len(office.broker.log(place)) for place in places) == 3


def test_a_forged_word_that_all_is_well_hides_no_brake_that_would_not_work() -> None:
    office = Office()
    office.publish(readiness(pause="lacks the role"))
    for _ in range(22):
        office.publish(readiness(pause=""), readiness(pause="lacks the role"), readiness(pause=""))
        office.after(15)
    assert office.counts() == (1, 1, 1), "told once, and nobody that it works again"
    assert "works again" not in office.said()


def test_forged_troubles_are_told_and_a_case_beside_them_no_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unready, "MOST_BRAKES", 50)
    office = Office()
    for number in range(40):
        office.publish(readiness(f"p{number}", one="made up", two="<http://evil.example>"))
    office.publish(case())
    office.after()
    phone = office.ears["phone"]
    assert "and 39 more" in phone.heard[0].body
    assert sum(len(message.body) for message in phone.heard) < 15_000
    assert "http://" not in "".join(message.body for message in phone.heard)
    assert office.metrics.registry.get_sample_value("firebreak_pages_open") == 1
    assert len(office.pager._brakes.troubles(0.0)) == 50
    told = office.counts()
    office.after(unready.STANDS + 1)
    office.after()
    assert office.pager._brakes.troubles(office.clock.seconds) == {}, "said no more, forgotten"
    assert office.counts()[0] == told[0]


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


KEEPER = Signer(Ed25519PrivateKey.from_private_bytes(b"\1" * 32))


def keep(office: Office, *cases: Incident) -> None:
    """Write cases as who keeps them does."""
    for one in cases:
        value = encode(one)
        office.broker.producer().send(
            INCIDENTS.name, value, key=key_of(one), headers=signed(value, KEEPER)
        )


@pytest.fixture
def wary() -> Office:
    """A pager that knows who keeps cases, and told its first rung of one."""
    office = Office(keepers=Keepers(Verifier({KEEPER.key_id: KEEPER.public_key})))
    keep(office, case())
    office.after()
    assert office.counts() == (1, 1, 0)
    return office


def test_of_a_case_that_its_keeper_did_not_sign_nobody_is_told(wary: Office) -> None:
    wary.publish(*(case(f"0x{number}") for number in range(2, 2 + 2 * FUSE)))
    wary.after()
    assert wary.counts() == (1, 1, 0)
    assert len(wary.broker.log(Partition(DEAD_LETTERS.name, 0))) == 2 * FUSE


def test_a_forged_ending_ends_nothing_not_even_for_the_next_pager(wary: Office) -> None:
    wary.publish(case(phase="closed"), case(acknowledged="critical"))
    wary.after()
    wary.restart()
    wary.after(300)
    assert wary.counts() == (1, 1, 1)


def test_an_older_true_state_holds_until_the_case_is_told_again(wary: Office) -> None:
    """Its keeper's signature does not say when: the worst that a writer without the key can do."""
    keep(wary, case(phase="closed"))  # before it was opened again
    wary.after()
    told = wary.counts()
    wary.after(3600)
    assert wary.counts() == told == (2, 2, 0), "it is over, they were told"
    keep(wary, case())
    wary.after()
    assert wary.counts() == (3, 3, 0)
