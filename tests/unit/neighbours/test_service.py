"""The signals service, on topics in memory: what comes in, what goes out, what a restart knows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neighbours.desk import Desk
from neighbours.issuing import Issuing
from neighbours.sequence import Sequence
from neighbours.service import SignalsTask, recollect
from runtime.broker import Message, Partition
from runtime.keepers import CaseIntake, Keepers
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.alerts import SEVERITIES
from schemas.base import Record
from schemas.chain import Event
from schemas.codec import decode_from, encode
from schemas.ids import content_id
from schemas.signals import Signal, Verdict
from schemas.topics import DEAD_LETTERS, EVENTS, INCIDENTS, SIGNALS
from tests.clock import ManualClock
from tests.unit.neighbours.examples import NOW, Signing, address, signal, unsigned
from tests.unit.neighbours.test_outbound import OTHER, OURS, RULES, case


class Office:
    """A service that listens to one issuer and, where it may, issues signals itself."""

    def __init__(self, folder: Path, broker: MemoryBroker | None = None, **changes: Any) -> None:
        self.broker = broker or MemoryBroker()
        self.broker.create([SIGNALS, DEAD_LETTERS, INCIDENTS, EVENTS])
        self.metrics = Metrics()
        self.clock = ManualClock(NOW)
        self.offered: list[Signal] = []
        producer = self.broker.producer()
        self.desk = Desk(producer, [address(1)], self.clock, self.metrics)
        self.issuing = (
            Issuing(Signing(), Sequence(folder / "sequence"), RULES, "green", {"meadow": OURS})
            if changes.get("publish", True)
            else None
        )
        recollect(self.broker, self.desk, self.issuing, self.offered.append)
        self.task = SignalsTask(
            CaseIntake(producer, self.metrics, "signals", changes.get("keepers", Keepers())),
            self.desk,
            self.issuing,
            self.metrics,
            self.offered.append,
            lambda _: 3,
        )

    def receive(self, topic: str, *records: Record) -> None:
        self.task.process(
            [Message(topic, 0, place, b"", encode(one), ()) for place, one in enumerate(records)]
        )
        self.clock.seconds += 1
        self.task.tick()

    @property
    def kept(self) -> list[Signal | Verdict]:
        return [
            decode_from(SIGNALS, message.value or b"")  # type: ignore[misc]
            for number in range(SIGNALS.partitions)
            for message in self.broker.log(Partition(SIGNALS.name, number))
        ]

    @property
    def letters(self) -> int:
        return len(self.broker.log(Partition(DEAD_LETTERS.name, 0)))


Open = Callable[..., Office]


@pytest.fixture
def office(tmp_path: Path) -> Open:
    return lambda *given, **changes: Office(tmp_path, *given, **changes)


def event(told: Signal, **changes: str) -> Event:
    """What ingest makes of the registry's event."""
    arguments: dict[str, Any] = {
        "signalId": "0x" + told.id,
        "issuer": told.issuer,
        "targetHash": "0x" + "00" * 32,
        "seq": str(told.seq),
        "expiry": str(told.expiry),
        "target": told.target,
        "technique": told.technique,
        "severity": str(SEVERITIES.index(told.severity) + 1),
        "confidence": str(told.confidence),
        "evidenceRoot": told.evidence_root,
        "signature": told.signature,
    }
    return Event(
        id=content_id("event", told.id),
        chain="eip155:1",
        block=1,
        block_hash="0x" + "00" * 32,
        timestamp=NOW,
        tx="0x" + "00" * 32,
        index=0,
        log=0,
        contract=OTHER,
        protocol="meadow",
        name="SecuritySignal",
        arguments=arguments | changes,
    )


def test_a_signal_on_chain_is_taken_once(office: Open) -> None:
    opened = office()
    opened.receive(EVENTS.name, event(signal()), event(signal()))
    assert [one.id for one in opened.kept] == [signal().id]
    assert opened.letters == 0


def test_other_events_are_not_even_read(office: Open) -> None:
    opened = office()
    opened.task.process([Message(EVENTS.name, 0, 0, b"", b"anything at all", ())])
    assert opened.letters == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "0"},
        {"severity": "5"},
        {"confidence": "10001"},
        {"seq": str(2**63)},
        {"seq": "-1"},
        {"target": "somewhere"},
        {"signature": "0x00"},
        {"signalId": "0x00"},
        {"issuer": OTHER[2:]},
        {"technique": "ADT3013"},
    ],
)
def test_an_event_that_no_signal_may_say_is_kept_as_it_is(
    office: Open, changes: dict[str, str]
) -> None:
    opened = office()
    opened.receive(EVENTS.name, event(signal(), **changes))
    assert opened.kept == []
    assert opened.letters == (0 if "issuer" in changes and len(changes["issuer"]) == 42 else 1)


def test_a_case_is_told_and_its_signal_offered(office: Open) -> None:
    opened = office()
    assert opened.task.topics == (INCIDENTS.name, EVENTS.name)
    opened.receive(INCIDENTS.name, case())
    (told,) = opened.kept
    assert isinstance(told, Signal)
    assert opened.offered == [told]
    assert (told.issuer, told.tlp) == (address(9), "green")
    opened.receive(INCIDENTS.name, case(), case())
    assert len(opened.kept) == 1


def test_a_case_is_told_when_it_comes_and_not_at_the_next_second(office: Open) -> None:
    opened = office()
    opened.task.tick()
    opened.task.process([Message(INCIDENTS.name, 0, 0, b"", encode(case()), ())])
    opened.task.tick()
    assert len(opened.offered) == 1


def test_nothing_of_ours_is_told_unless_it_is_said_to(office: Open) -> None:
    opened = office(publish=False)
    assert opened.task.topics == (EVENTS.name,)
    opened.receive(INCIDENTS.name, case())
    assert opened.kept == []


def test_a_restart_knows_what_was_said_and_offers_it_once_more(office: Open) -> None:
    before = office()
    before.receive(INCIDENTS.name, case())
    before.receive(EVENTS.name, event(signal()))
    after = office(before.broker)
    assert [one.issuer for one in after.offered] == [address(9)]
    after.receive(INCIDENTS.name, case())
    after.receive(EVENTS.name, event(signal()))
    assert len(after.kept) == 2
    after.receive(INCIDENTS.name, case(id="d" * 64))
    assert sorted(o.seq for o in after.kept if o.issuer == address(9)) == [1, 2]  # type: ignore[union-attr]


def test_rubbish_on_the_topic_keeps_nobody_from_starting(office: Open) -> None:
    before = office()
    producer = before.broker.producer()
    for value in (b"", b"{}", encode(unsigned(9, seq=1)), encode(signal(3))):
        producer.send(SIGNALS.name, value, key=b"x")
    after = office(before.broker)
    after.receive(EVENTS.name, event(signal()))
    assert signal().id in [record_id(o) for o in after.broker.log(_spot(after))]


def test_a_forged_signal_of_ours_uses_up_no_number(office: Open) -> None:
    before = office()
    forged = encode(unsigned(9, seq=2**53 - 1))
    before.broker.producer().send(SIGNALS.name, forged, key=address(9).encode())
    after = office(before.broker)
    assert after.offered == []
    after.receive(INCIDENTS.name, case())
    assert after.offered[0].seq == 1


def test_cases_are_read_from_the_first_and_events_where_the_group_stopped(office: Open) -> None:
    spots = [Partition(INCIDENTS.name, 0), Partition(EVENTS.name, 0)]
    assert office().task.assigned(spots) == {spots[0]: 3}


def record_id(message: Message) -> str:
    try:
        return str(decode_from(SIGNALS, message.value or b"").id)  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - rubbish, on purpose
        return ""


def _spot(opened: Office) -> Partition:
    spots = [Partition(SIGNALS.name, number) for number in range(SIGNALS.partitions)]
    key = address(1).encode()
    return next(s for s in spots if any(m.key == key for m in opened.broker.log(s)))
