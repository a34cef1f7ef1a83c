"""Arming travels: each change is told once, with why or whose keys."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from responders.arming import ArmingWatch
from responders.outlook import Account, Outlook
from responders.signer import KeySigner
from responders.switch import Switch
from runtime.broker import Offsets, Partition
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker, MemoryProducer
from runtime.metrics import Metrics
from runtime.signatures import Signer, Verifier, generate, load_signer, load_verifier
from schemas.changes import Arming
from schemas.codec import decode
from schemas.errors import UnsafeToContinueError
from schemas.topics import AUTHORITY
from tests.unit.responders.fakes import FakeChain

SIGNER = KeySigner(b"\x01" * 32, 31_337)
ACCOUNT = Account(SIGNER.address, SIGNER)
CHANGED = Partition(AUTHORITY.name, 0)


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create([AUTHORITY])
    return made


def arm(switch: Switch, person: Signer) -> int:
    return switch.arm(switch.word(person))


def watch(broker: MemoryBroker, switch: Switch, account: Account) -> ArmingWatch:
    outlook = Outlook(FakeChain(), account, 1, switch=switch)
    return ArmingWatch(outlook, switch, broker.producer(), SystemClock(), Metrics())


def told(broker: MemoryBroker) -> Iterator[Arming]:
    for message in broker.log(CHANGED):
        yield decode(message.value or b"", Arming)


def test_every_change_is_told_once(broker: MemoryBroker, tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    made = watch(broker, switch, ACCOUNT)

    made.look()
    made.look()
    for person in people:
        arm(switch, person)
        made.look()
    switch.disarm("smoke", 1)
    made.look()
    made.look()

    changes = list(told(broker))
    assert [change.armed for change in changes] == [False, False, True, False]
    assert set(changes[2].keys) == {person.key_id for person in people}
    assert (changes[3].reason, changes[3].keys) == ("smoke", ())
    assert len({change.id for change in changes}) == len(changes)


class Counted(MemoryProducer):
    """Says how often somebody waited for it: nobody has answered yet when anyone looks."""

    waits = 0

    def waiting(self) -> int:
        return 1

    def flush(self) -> Offsets:
        self.waits += 1
        return super().flush()


def test_nothing_is_signed_before_everyone_was_told(broker: MemoryBroker, tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    outlook, producer = Outlook(FakeChain(), ACCOUNT, 1, switch=switch), Counted(broker)
    ArmingWatch(outlook, switch, producer, SystemClock(), Metrics())
    for person in people:
        assert not outlook.armed
        arm(switch, person)
    assert outlook.switched_on
    assert not any(change.armed for change in told(broker))
    assert (outlook.armed, producer.waits) == (True, 1), "asked at the next step of a brake"
    assert [change.armed for change in told(broker)] == [False, False, True]
    switch.disarm("smoke", 1)
    assert (outlook.armed, producer.waits) == (False, 1), "nobody waits for that"


def test_who_is_disarmed_as_it_is_told_does_not_sign(broker: MemoryBroker, tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    for person in people:
        arm(switch, person)
    outlook = Outlook(FakeChain(), ACCOUNT, 1, switch=switch)

    class Interrupted(MemoryProducer):
        def flush(self) -> Offsets:
            switch.disarm("smoke", 1)
            return super().flush()

    ArmingWatch(outlook, switch, Interrupted(broker), SystemClock(), Metrics())
    assert not outlook.armed


def test_another_key_is_told_beside_the_brakes(broker: MemoryBroker, tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob", "cy")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    for person in people[:2]:
        arm(switch, person)
    outlook, producer = Outlook(FakeChain(), ACCOUNT, 1, switch=switch), Counted(broker)
    ArmingWatch(outlook, switch, producer, SystemClock(), Metrics())
    assert outlook.armed
    arm(switch, people[2])
    assert (outlook.armed, producer.waits) == (True, 1)
    assert [len(change.keys) for change in told(broker)] == [2, 3]


def test_what_cannot_be_told_is_not_armed(tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    for person in people:
        arm(switch, person)
    broker = MemoryBroker()
    broker.create([replace(AUTHORITY, max_bytes=-64 * 1024)])
    outlook = Outlook(FakeChain(), ACCOUNT, 1, switch=switch)
    ArmingWatch(outlook, switch, broker.producer(), SystemClock(), Metrics())
    for _ in range(2):
        with pytest.raises(UnsafeToContinueError):
            outlook.armed  # noqa: B018 - it is what asks


class Later(MemoryProducer):
    """Has its records on their way until it is said that an answer came."""

    answered = False

    def waiting(self) -> int:
        return 0 if self.answered else 1

    def flush(self) -> Offsets:
        assert self.answered, "disarming waits for nothing"
        return super().flush()


@pytest.mark.parametrize("taken", [True, False])
def test_a_disarming_that_the_topic_does_not_take_is_said_as_it_fails_and_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, taken: bool
) -> None:
    broker, metrics = MemoryBroker(), Metrics()
    broker.create([AUTHORITY if taken else replace(AUTHORITY, max_bytes=-64 * 1024)])
    switch = Switch(tmp_path / "journal.jsonl", Verifier({}))
    outlook, producer = Outlook(FakeChain(), ACCOUNT, 1, switch=switch), Later(broker)
    made = ArmingWatch(outlook, switch, producer, SystemClock(), metrics)

    def faults() -> float | None:
        labels = {"protocol": FakeChain().name, "fault": "disarming_not_recorded"}
        return metrics.registry.get_sample_value("firebreak_brake_faults_total", labels)

    assert faults() == 0, "so that the first one shows as a rise"
    switch.disarm("smoke", 1)
    for _ in range(3):
        made.look()
    assert (faults(), outlook.armed) == (0, False)
    producer.answered = True
    for _ in range(3):
        made.look()
    assert faults() == (0 if taken else 1)
    assert capsys.readouterr().out.count("disarming_not_recorded") == (0 if taken else 1)


def test_a_dry_run_is_told_to_be_one(broker: MemoryBroker, tmp_path: Path) -> None:
    made = watch(broker, Switch(tmp_path / "journal.jsonl", Verifier({})), Account(None, None))
    made.look()
    (change,) = told(broker)
    assert (change.armed, change.chain) == (False, FakeChain().name)


def test_what_cannot_be_read_disarms_and_is_told(broker: MemoryBroker, tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl.disarmed").write_bytes(b"\xff")
    switch = Switch(tmp_path / "journal.jsonl", Verifier({}))
    made = watch(broker, switch, ACCOUNT)
    made.look()
    (change,) = told(broker)
    assert (change.armed, change.reason) == (False, "")
