"""What was answered before a start, or elsewhere, is known again and not answered again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from responders import recall
from responders.journal import Journal
from runtime.broker import Partition
from runtime.loop import Loop
from runtime.memory import MemoryBroker, MemoryConsumer
from runtime.signatures import Signer, Verifier
from schemas.alerts import Alert, AlertRecord
from schemas.codec import encode
from schemas.errors import TransientError
from schemas.topics import ALERTS, DEAD_LETTERS
from tests.unit.responders.bench import GROUP, Bench, Beside
from tests.unit.responders.examples import alert, manifest, vote, withdrawal
from tests.unit.responders.fakes import FakeChain

THIEF = "0x" + "e1" * 20
BENDS = alert(1, votes=(vote("nesting", made_from=("calls",)),), sender=THIEF)
DRAINS = alert(2, votes=(vote("asset-outflow"),), sender=THIEF)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
TRUSTED = Signer(KEY)
SPOT = Partition(ALERTS.name, 1)
"""Where the alerts are: what a second member of the group is given."""
STRANGER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01"))


class Running:
    """A responder that reads its topic as a member of its group."""

    def __init__(self, responder: Bench) -> None:
        self.responder = responder
        self.consumer: MemoryConsumer = responder.broker.consumer(GROUP)
        self.loop = Loop(self.consumer, responder.responder, responder.clock)
        self.consumer.subscribe((ALERTS.name,), self.loop)

    def read(self) -> None:
        while sum(self.consumer.lags().values()):
            self.loop.step()

    def pulled(self) -> bool:
        self.read()
        return "authorised" in self.responder.states()

    def steps(self) -> int:
        return len(self.responder.published())

    def tied(self) -> int:
        """Return how many alerts may be tied to later ones."""
        kept = self.responder.responder._lanes._linkage._kept
        return sum(len(alike) for kinds in kept.values() for alike in kinds.values())

    def unrecalled(self) -> float | None:
        registry = self.responder.metrics.registry
        return registry.get_sample_value("firebreak_unrecalled")


class Room:
    """A topic and a folder, and responders that come and go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chain = FakeChain(102)
        self.broker = MemoryBroker()
        self.broker.create((ALERTS,))

    def send(self, *records: AlertRecord, by: Signer | None = None, expires: int = 126) -> None:
        producer = self.broker.producer()
        for one in records:
            value = encode(one)
            signed = () if by is None else by.sign(value, sequence=101 << 20, expires=expires)
            key = one.protocol.encode()
            producer.send(ALERTS.name, value, key=key, headers=signed, partition=SPOT.number)

    @contextmanager
    def running(
        self, name: str = "journal", broker: MemoryBroker | None = None, *, signed: bool = False
    ) -> Iterator[Running]:
        """Run a responder until the block ends, then leave the group as a stopped one does."""
        verifier = Verifier({TRUSTED.key_id: KEY.public_key()}) if signed else None
        with Journal(self.folder / f"{name}.jsonl") as journal:
            bench = Bench(
                journal, self.chain, broker=broker or self.broker, beside=Beside(verifier)
            )
            bench.succession.take_over(bench.book, [manifest()])
            made = Running(bench)
            yield made
            made.consumer.close()


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def answered(room: Room, *records: AlertRecord) -> None:
    """Have these answered by a responder that is stopped then."""
    room.send(*records)
    with room.running() as running:
        assert not running.pulled()


@pytest.mark.parametrize("halves", [(BENDS, DRAINS), (DRAINS, BENDS)], ids=["1-2", "2-1"])
def test_two_halves_of_one_attack_are_linked_across_a_restart(
    room: Room, halves: tuple[Alert, Alert]
) -> None:
    before, after = halves
    answered(room, before)
    with room.running() as running:
        room.send(after)
        assert running.pulled()
        decided = next(s for s in running.responder.published() if s.state == "authorised")
    assert (decided.alert, decided.linked) == (after.id, before.id)


def test_what_two_sets_saw_of_one_transaction_is_joined_across_a_restart(room: Room) -> None:
    answered(room, BENDS)
    with room.running() as running:
        room.send(alert(1, set="acts", votes=(vote("asset-outflow"),)))
        assert running.pulled()


def test_nothing_is_answered_twice(room: Room) -> None:
    answered(room, BENDS)
    with room.running() as running:
        steps = running.steps()
        assert not running.pulled()
        assert running.steps() == steps


@pytest.mark.parametrize("again", [False, True], ids=["withdrawn", "said anew"])
def test_what_was_withdrawn_before_speaks_only_if_it_was_said_anew(
    room: Room, *, again: bool
) -> None:
    answered(room, BENDS, withdrawal(BENDS), *([BENDS] if again else []))
    with room.running() as running:
        room.send(DRAINS)
        assert running.pulled() is again


def test_a_withdrawal_ends_no_brake_of_what_was_said_anew(room: Room) -> None:
    room.send(BENDS, withdrawal(BENDS), BENDS)
    with room.running() as running:
        running.read()
        room.chain.down = True
        room.send(DRAINS)
        assert running.pulled()
    with room.running() as running:
        assert running.responder.states()[-1] == "authorised"


def test_a_forged_or_expired_one_speaks_for_nobody_and_is_not_kept_twice(room: Room) -> None:
    room.send(BENDS, by=STRANGER)
    room.send(BENDS, by=TRUSTED, expires=100)
    with room.running(signed=True) as running:
        running.read()
    letters = room.broker.log(Partition(DEAD_LETTERS.name, 0))
    kept = len(letters)
    with room.running(signed=True) as running:
        room.send(DRAINS, by=TRUSTED)
        assert not running.pulled()
    assert len(letters) == kept
    room.send(BENDS, by=TRUSTED)
    with room.running(signed=True) as running:
        assert running.pulled()


def test_a_partition_that_moves_to_another_replica_and_back_is_recalled_there(room: Room) -> None:
    room.send(BENDS)
    with room.running() as first:
        first.read()
        with room.running("other") as second:
            assert SPOT in second.consumer.owned
            room.send(DRAINS)
            assert second.pulled()
        assert SPOT in first.consumer.owned
        assert first.tied() == 2, "each once"


def test_what_is_read_again_since_another_replica_left_it_is_not_recalled_too(room: Room) -> None:
    room.send(BENDS, alert(2))
    with room.running() as first:
        assert first.pulled()
    with room.running("other") as second:
        second.read()
        assert second.responder.states().count("authorised") == 2
        assert second.tied() == 1


def test_no_more_than_the_latest_are_read(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "LATEST", 2)
    answered(room, BENDS, *(alert(n, protocol="meadow", votes=BENDS.votes) for n in (3, 4)))
    with room.running() as running:
        room.send(DRAINS)
        assert not running.pulled()
        assert running.unrecalled() == 0


class Broken(MemoryBroker):
    """Does not say where a group stands: at once, or for as long as a test takes."""

    def __init__(self, room: Room, answer: threading.Event | None) -> None:
        self.__dict__ |= room.broker.__dict__
        self._answer = answer

    def committed(
        self,
        group: str,
        partitions: list[Partition],  # type: ignore[override]
    ) -> dict[Partition, int]:
        if threading.current_thread() is threading.main_thread():  # the group's own question
            return super().committed(group, partitions)
        if self._answer is not None:
            self._answer.wait()
        raise TransientError("no answer from Kafka")


@pytest.mark.parametrize("silent", [False, True], ids=["fails", "hangs"])
def test_a_topic_that_cannot_be_read_back_is_told_and_stops_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch, *, silent: bool
) -> None:
    monkeypatch.setattr(recall, "SECONDS", 0.05)
    answered(room, BENDS)
    over = threading.Event()
    with room.running(broker=Broken(room, over if silent else None)) as running:
        assert running.unrecalled() == 1
        room.send(alert(2))
        assert running.pulled()
    over.set()
