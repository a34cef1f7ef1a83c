"""Arming travels: each change is told once, with why or whose keys."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from responders.arming import ArmingWatch
from responders.outlook import Account, Outlook
from responders.signer import KeySigner
from responders.switch import Switch
from runtime.broker import Partition
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.signatures import Verifier, generate, load_signer, load_verifier
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


def watch(broker: MemoryBroker, switch: Switch, account: Account) -> ArmingWatch:
    outlook = Outlook(FakeChain(), account, 1, switch=switch)
    return ArmingWatch(outlook, switch, broker.producer(), SystemClock())


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
        switch.arm(person)
        made.look()
    switch.disarm("smoke", 1)
    made.look()
    made.look()

    changes = list(told(broker))
    assert [change.armed for change in changes] == [False, False, True, False]
    assert set(changes[2].keys) == {person.key_id for person in people}
    assert (changes[3].reason, changes[3].keys) == ("smoke", ())
    assert len({change.id for change in changes}) == len(changes)


def test_nothing_is_signed_before_everyone_was_told(broker: MemoryBroker, tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    outlook = Outlook(FakeChain(), ACCOUNT, 1, switch=switch)
    ArmingWatch(outlook, switch, broker.producer(), SystemClock())
    for person in people:
        assert not outlook.armed
        switch.arm(person)
    assert outlook.switched_on
    assert not any(change.armed for change in told(broker))
    assert outlook.armed, "asked at the next step of a brake"
    assert [change.armed for change in told(broker)] == [True]
    switch.disarm("smoke", 1)
    assert not outlook.armed


def test_what_cannot_be_told_is_not_armed(tmp_path: Path) -> None:
    people = [load_signer(generate(tmp_path / "people", name)) for name in ("ann", "bob")]
    switch = Switch(tmp_path / "journal.jsonl", load_verifier(tmp_path / "people"))
    for person in people:
        switch.arm(person)
    broker = MemoryBroker()
    broker.create([replace(AUTHORITY, max_bytes=-64 * 1024)])
    outlook = Outlook(FakeChain(), ACCOUNT, 1, switch=switch)
    ArmingWatch(outlook, switch, broker.producer(), SystemClock())
    for _ in range(2):
        with pytest.raises(UnsafeToContinueError):
            outlook.armed  # noqa: B018 - it is what asks


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
