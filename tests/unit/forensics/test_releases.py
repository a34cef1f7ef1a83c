"""A release that the chain shows, and whether people had ordered it."""

import time
from pathlib import Path

import msgspec

from forensics.record import database
from forensics.record.leaf import leaf_of
from forensics.record.log_writer import LogWriter
from forensics.record.order import Order, counts, placed
from forensics.record.releases import Releases, Shown
from forensics.record.verification import verify
from runtime.broker import Message
from schemas.base import Record
from schemas.brake_events import course
from schemas.chain import Event
from schemas.codec import decode_from, encode
from schemas.decisions import Answer, Proposal, Request
from schemas.examples import FOLDER
from schemas.incidents import Checklist, Recovery, Signing
from schemas.topics import AUTHORITY, DECISIONS, EVENTS
from tests.forensic_log import SIGNER, seal
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import POOL, case, on_chain
from tests.unit.forensics.test_order import FIX, SOUND

OTHER = "0x" + "2b" * 20


PAUSED, UNPAUSED = on_chain("Paused(address)"), on_chain("Unpaused(address)")


def calling(turn: Recovery, *contracts: str) -> Recovery:
    calls = tuple(Request(to=one, calldata="0x3f4ba83a") for one in contracts)
    staged = Signing(digest=FIX, decider="safe", executor=f"eip155:1:{OTHER}", calls=calls)
    return msgspec.structs.replace(turn, checklist=told(turn, staged))


def told(turn: Recovery, staged: Signing | None = None) -> Checklist:
    assert turn.checklist is not None
    return msgspec.structs.replace(turn.checklist, staged=staged)


ORDERED = tuple(calling(one, POOL) for one in SOUND)


def unordered(*records: Record) -> list[str]:
    order = Order()
    found = ((at, placed(encode(one))) for at, one in enumerate(records))
    assert list(order.disordered((at, one) for at, one in found if one is not None)) == []
    return list(order.releases.without_order())


def test_a_release_by_somebody_s_own_key_is_told() -> None:
    (note,) = unordered(PAUSED, UNPAUSED)
    assert note.startswith(f"leaf 1: Unpaused of {POOL} (meadow, block 7 of eip155:1")
    assert note.endswith("none behind it")


def test_one_that_people_agreed_to_is_not() -> None:
    assert unordered(PAUSED, *ORDERED[:5], UNPAUSED) == []
    assert unordered(PAUSED, *ORDERED, UNPAUSED) == [], "told as carried out before it is seen"
    (note,) = unordered(PAUSED, *ORDERED[:4], UNPAUSED)
    assert "with its agreements" in note, "one of two agreed"


def test_agreements_are_to_the_contracts_that_are_called() -> None:
    others = (calling(one, OTHER) for one in SOUND)
    assert len(unordered(PAUSED, *others, UNPAUSED)) == 1
    untold = (msgspec.structs.replace(one, checklist=told(one)) for one in SOUND)
    assert unordered(PAUSED, *untold, UNPAUSED) == [], "calls too long to be told"


def test_an_order_is_for_one_brake() -> None:
    (note,) = unordered(PAUSED, *ORDERED, UNPAUSED, PAUSED, UNPAUSED)
    assert note.startswith("leaf 9")


def test_an_order_that_came_later_is_named() -> None:
    (note,) = unordered(PAUSED, UNPAUSED, *ORDERED)
    assert note.endswith("one behind it, at leaf 6")


def asked(matter: str = "release", *contracts: str) -> Proposal:
    calls = tuple(Request(to=one, calldata="0x3f4ba83a") for one in contracts or (POOL,))
    made = proposal(case(), by_provider("rea", NOW), matter)  # type: ignore[arg-type]
    return msgspec.structs.replace(made, calls=calls)


def test_a_release_that_a_second_person_approved_is_ordered() -> None:
    release = asked()

    def said(person: str, verdict: str = "approve") -> Answer:
        return answer(release, by_provider(person, NOW + 1), verdict)  # type: ignore[arg-type]

    assert unordered(PAUSED, release, said("ana"), UNPAUSED) == []
    assert len(unordered(PAUSED, release, said("rea"), UNPAUSED)) == 1, "nobody approves his own"
    vetoed = said("ana", "veto"), said("ben")
    assert len(unordered(PAUSED, release, *vetoed, UNPAUSED)) == 1
    brake = asked("brake")
    approved = answer(brake, by_provider("ana", NOW + 1))
    assert len(unordered(PAUSED, brake, approved, UNPAUSED)) == 1


def test_limits_are_let_go_only_where_they_were_tightened() -> None:
    tightened = on_chain("Tightened(address,address,uint128,uint128,uint64)")
    reset = on_chain("LimitsSet(address,uint128,uint128,uint64)")
    assert unordered(reset) == []
    assert len(unordered(tightened, reset)) == 1


def flags(text: str) -> Event:
    """What Compound's Comet says of supply, transfers, withdrawals, absorption and purchases."""
    data = "0x" + "".join(f"{flag:0>64}" for flag in text)
    return on_chain("PauseAction(bool,bool,bool,bool,bool)", data=data)


def test_what_is_let_go_in_part_is_let_go() -> None:
    (note,) = unordered(flags("11111"), flags("10000"))
    assert note.startswith("leaf 1: PauseAction")
    assert unordered(flags("11111"), *ORDERED, flags("10000"), flags("00000")) == []


def test_a_timeline_tells_a_part_that_is_let_go_of_what_was_braked_before_its_case() -> None:
    before = msgspec.structs.replace(flags("11111"), id="a", block=6, timestamp=NOW - 1)
    found = course([flags("10000"), before], opened=NOW, latest=NOW)
    assert [shown.effect for _, shown in found] == ["released"]


def test_many_are_counted() -> None:
    found = unordered(*[UNPAUSED] * 130)
    assert len(found) == 101
    assert found[-1] == "and 30 more releases without an order"


def test_the_first_order_that_came_later_is_named() -> None:
    both = ORDERED, tuple(calling(one, OTHER, POOL) for one in SOUND)
    (note,) = unordered(PAUSED, UNPAUSED, *both[1], *both[0])
    assert note.endswith("at leaf 6")
    untold = tuple(msgspec.structs.replace(one, checklist=told(one)) for one in SOUND)
    (note,) = unordered(PAUSED, UNPAUSED, *untold, *ORDERED)
    assert note.endswith("at leaf 6"), "calls too long to be told are for any contract"


def test_an_older_order_is_none_after_a_brake_and_a_newer_one_is() -> None:
    newer = tuple(calling(one, POOL) for one in SOUND)
    assert unordered(*ORDERED, PAUSED, *newer, UNPAUSED) == []
    assert len(unordered(*ORDERED, PAUSED, UNPAUSED)) == 1


def test_many_orders_and_many_releases_cost_no_more_than_their_number() -> None:
    releases = Releases()
    for leaf in range(20_000):
        releases.order(leaf, "meadow", frozenset({OTHER}))
    unpaused = Shown("eip155:1", "meadow", POOL, 7, "0x", UNPAUSED.topics)
    start = time.process_time()
    for leaf in range(20_000, 22_000):
        releases.take(leaf, unpaused)
        releases.order(leaf, "meadow", frozenset({OTHER}))
    assert time.process_time() - start < 1
    assert len(list(releases.without_order())) == 101


def test_what_is_too_long_for_its_leaf_counts(tmp_path: Path) -> None:
    """Its value is kept apart, so what it says is not in the leaf."""
    long = tuple(Request(to=POOL, calldata="0x" + "ab" * 4_096) for _ in range(9))
    release = msgspec.structs.replace(asked(), calls=long)
    approved = answer(release, by_provider("ana", NOW + 1))
    laid = [
        leaf_of(Message(topic, 0, offset, b"meadow", encode(record), ()))
        for topic, offset, record in (
            (AUTHORITY.name, 0, PAUSED),
            (DECISIONS.name, 0, release),
            (DECISIONS.name, 1, approved),
            (AUTHORITY.name, 1, UNPAUSED),
        )
    ]
    assert laid[1].apart
    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as log:
        log.append(laid)
        seal(log)
        found = verify(log.reader, SIGNER.key)
    engine.dispose()
    assert (found.findings, found.unordered) == ((), ())


def test_what_counts_is_read_out_of_its_leaf() -> None:
    """A check of millions leaves the rest unread."""
    release = asked()
    answered = answer(release, by_provider("ana", NOW + 1))
    for topic, record in (
        (AUTHORITY.name, UNPAUSED), (DECISIONS.name, release), (DECISIONS.name, answered),
    ):  # fmt: skip
        entry = leaf_of(Message(topic, 0, 0, b"k", encode(record), ())).entry or b""
        assert counts(topic, entry)


def test_what_cannot_count_is_left_unread() -> None:
    folder = FOLDER / AUTHORITY.name
    words = (
        decode_from(AUTHORITY, (folder / f"{one}.json").read_bytes())
        for one in ("intent", "arming")
    )
    for topic, record in (
        *((AUTHORITY.name, one) for one in words),
        (DECISIONS.name, asked("brake")), (DECISIONS.name, asked("false-alarm")),
        (EVENTS.name, UNPAUSED),
    ):  # fmt: skip
        entry = leaf_of(Message(topic, 0, 0, b"k", encode(record), ())).entry or b""
        assert not counts(topic, entry)
