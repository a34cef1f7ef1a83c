"""Our cases, written by a stranger where our own warnings are made of them: the worst that comes
of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neighbours.issuing import MOST_PER_HOUR, MOST_WAITING
from neighbours.outbound import CONFIRMED
from runtime.broker import Message
from runtime.intake import FUSE
from runtime.keepers import Keepers
from runtime.signatures import Verifier
from schemas.codec import encode
from schemas.errors import UnsafeToContinueError
from schemas.incidents import Incident, Progress
from schemas.signals import Signal
from schemas.topics import INCIDENTS, MAX_RECORD_BYTES
from tests.unit.neighbours.examples import NOW
from tests.unit.neighbours.test_outbound import OURS, RULES, case, sighting
from tests.unit.neighbours.test_service import Office

ELSEWHERE = "0x" + "ee" * 20


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def warned(office: Office, *cases: Incident) -> list[Signal]:
    """Let it read these; return what it says then."""
    before = len(office.offered)
    office.receive(INCIDENTS.name, *cases)
    return office.offered[before:]


def test_a_forged_case_is_a_warning_in_our_name_as_sure_as_can_be(office: Office) -> None:
    found = Progress(number=1, phase="recover", released=0, cause="made up", block=9)
    (said,) = warned(office, case(id="d" * 64, progress=found))
    assert said.confidence == CONFIRMED
    assert said.target in OURS


@pytest.mark.parametrize(
    "lie",
    [
        case(sightings=(sighting(losing=(ELSEWHERE,)),)),
        case(chain="eip155:10"),
    ],
    ids=["of another's contract", "on another chain"],
)
def test_it_names_nobody_else(office: Office, lie: Incident) -> None:
    (said,) = warned(office, lie)
    assert said.target in OURS


def test_nobody_is_warned_of_a_protocol_that_is_not_ours(office: Office) -> None:
    assert warned(office, case(protocol="orchard")) == []


def test_a_true_warning_is_taken_back_until_the_case_is_heard_of_again(office: Office) -> None:
    (true,) = warned(office, case())
    gone = case(sightings=(sighting(withdrawn=True),), severity="low", phase="closed")
    office.clock.seconds += 60
    (back,) = warned(office, gone)
    assert (back.id, back.confidence) == (true.id, 0)
    office.clock.seconds += 60
    (again,) = warned(office, case())
    assert (again.id, again.confidence) == (true.id, true.confidence)


def test_a_flood_says_so_much_an_hour_and_keeps_so_many(office: Office) -> None:
    """The worst: true warnings of the same gravity wait, for an hour at a time."""
    flood = [case(id=f"{number:064x}") for number in range(MOST_WAITING + 200)]
    assert len(warned(office, *flood)) == MOST_PER_HOUR
    assert warned(office, case()) == []
    assert office.issuing is not None
    assert len(office.issuing._waiting) == MOST_WAITING


def test_played_again_nothing_is_said_again(office: Office) -> None:
    assert len(warned(office, case())) == 1
    assert warned(office, *[case()] * 50) == []
    assert warned(office, case(latest=NOW - RULES.lifetime)) == [], "nor of long ago"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda value: value[:-1],
        lambda _: b"",
        lambda _: b"[" * 100_000,
        lambda _: b" " * (MAX_RECORD_BYTES + 1),
    ],
    ids=["cut short", "empty", "deep", "huge"],
)
def test_rubbish_is_kept_apart_and_a_streak_stops_it_behind_that(
    office: Office, spoil: Callable[[bytes], bytes]
) -> None:
    value = spoil(encode(case()))
    bad = [Message(INCIDENTS.name, 0, n, b"", value, ()) for n in range(FUSE)]
    office.task.process(bad[:-1])
    assert office.letters == FUSE - 1
    assert len(warned(office, case())) == 1
    with pytest.raises(UnsafeToContinueError):
        office.task.process(bad)


def test_where_keepers_are_named_a_forged_case_warns_of_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path, keepers=Keepers(Verifier({})))
    flood = [case(id=f"{number:064x}") for number in range(2 * FUSE)]
    assert warned(office, *flood) == []
    assert office.letters == 2 * FUSE, "all kept, and none stops it"
