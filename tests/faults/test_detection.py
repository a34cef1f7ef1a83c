"""The same records give the same alerts and the same state: whatever dies, moves or is deleted."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import orjson
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from detectors import samples
from detectors.publisher import Publisher
from detectors.service import DetectTask
from detectors.sets import HostMaker, load_set
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.metrics import Metrics
from runtime.settings import CORE
from runtime.state import StateStore
from schemas.chain import Flow, Transaction
from schemas.codec import encode
from schemas.errors import UnsafeToContinueError
from schemas.ids import content_id
from schemas.topics import ALERTS, DEAD_LETTERS, DETECTOR_STATE, TRANSACTIONS
from tests.faults import oracle
from tests.groups import behind
from tests.waiting import until

pytestmark = [pytest.mark.kafka]

PROTOCOLS = 8
TRANSACTIONS_OF_EACH = 120
FINALITY = 5
GROUP = "firebreak-detect-core"
PATIENCE = 120.0


def history(chance: Random) -> Iterator[Transaction]:
    """Ordinary transactions of some protocols, with a few drains among them."""
    for number in range(PROTOCOLS * TRANSACTIONS_OF_EACH):
        protocol = f"protocol-{number % PROTOCOLS}"
        tx = samples.transaction(number, chance)
        if number > PROTOCOLS * 60 and chance.random() < 0.01:
            pool, thief = samples.address(10), samples.address(666)
            stolen = (
                Flow(token=samples.address(n), sender=pool, to=thief, amount=str(10**30))
                for n in range(20, 26)
            )
            tx = msgspec.structs.replace(tx, flows=tuple(stolen))
        name = content_id("transaction", samples.CHAIN, protocol, tx.tx)
        yield msgspec.structs.replace(tx, protocol=protocol, id=name)


class Mortal(DetectTask):
    """A detector that dies at its n-th batch, before or after it was processed."""

    def __init__(self, batches: int, **parts: Any) -> None:
        super().__init__(**parts)
        self.left = batches

    def process(self, batch: Sequence[Message]) -> None:
        self.left -= 1
        if self.left == 0 and len(batch) % 2:
            raise Death
        super().process(batch)
        if self.left == 0:
            raise Death


class Death(BaseException):
    """The process ends here: nothing is saved, nothing committed."""


class Detection:
    """Topics with so many partitions, and members of a detector set on them."""

    def __init__(self, broker: KafkaBroker, partitions: int) -> None:
        self.broker = broker
        broker.create([replace(TRANSACTIONS, partitions=partitions), ALERTS, DEAD_LETTERS])
        broker.create([replace(DETECTOR_STATE, partitions=partitions)])

    def publish(self, transactions: Sequence[Transaction]) -> None:
        producer = self.broker.producer()
        for tx in transactions:
            producer.send(TRANSACTIONS.name, encode(tx), key=tx.protocol.encode())
        producer.flush()

    def member(self, stop: threading.Event, batches: int = 0) -> None:
        """Work until told to stop, or until the `batches`-th batch kills it."""
        producer, metrics = self.broker.producer(), Metrics()
        task = Mortal(
            batches,
            intake=Intake(producer, metrics, "detect"),
            publisher=Publisher(producer, SystemClock(), metrics, None),
            maker=HostMaker("core", load_set(CORE, CORE), {}, lambda _: FINALITY),
            metrics=metrics,
            store=StateStore(self.broker, self.broker.producer(), "core", GROUP),
        )
        consumer = self.broker.consumer(GROUP)
        Loop(consumer, task, SystemClock(), interval=0.3, limit=25).run(stop)

    def die(self, batches: int) -> None:
        """Let a member die, its group left as `close` leaves it."""
        with pytest.raises(Death):
            self.member(threading.Event(), batches)

    def finish(self, members: int) -> None:
        """Let some members share the rest of the work, then end them."""
        stop = threading.Event()
        threads = [threading.Thread(target=self.member, args=(stop,)) for _ in range(members)]
        for thread in threads:
            thread.start()
        try:
            until(self.done, PATIENCE)
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def done(self) -> bool:
        return behind(self.broker, GROUP, TRANSACTIONS.name) == 0

    def outcome(self) -> tuple[dict[str, bytes], Any]:
        """Alerts by id, states by protocol."""
        return oracle.alerts_of(self.broker), oracle.canonical(
            oracle.states_of(self.broker, {}, FINALITY)
        )


def reference(broker: KafkaBroker) -> tuple[dict[str, bytes], Any]:
    alerts, states = oracle.replayed(broker, {}, FINALITY)
    return alerts, oracle.canonical(states)


@pytest.fixture
def transactions(seed: int) -> list[Transaction]:
    return list(history(Random(seed)))


def on(bootstrap: str, namespace: str, partitions: int) -> Detection:
    broker = KafkaBroker(
        {
            "bootstrap.servers": bootstrap,
            "session.timeout.ms": 2000,
            "heartbeat.interval.ms": 300,
        },
        namespace=f"{partitions}-{namespace}",
    )
    return Detection(broker, partitions)


def test_after_deaths_and_a_move_alerts_and_state_are_those_of_one_quiet_run(
    bootstrap: str, namespace: str, transactions: list[Transaction], chance: Random
) -> None:
    detection = on(bootstrap, namespace, 4)
    detection.publish(transactions)
    for _ in range(3):
        detection.die(chance.randint(1, 8))
    detection.finish(members=2)
    wanted = reference(detection.broker)
    assert wanted[0], "nothing alerted"
    assert detection.outcome() == wanted


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_on_1_2_and_4_partitions_alerts_and_state_are_the_same_byte_for_byte(
    bootstrap: str, namespace: str, transactions: list[Transaction], chance: Random
) -> None:
    outcomes, wanted = [], []
    for partitions in (1, 2, 4):
        detection = on(bootstrap, namespace, partitions)
        detection.publish(transactions)
        wanted.append(reference(detection.broker))
        detection.die(chance.randint(2, 20))
        detection.finish(members=1 + partitions // 2)
        outcomes.append(detection.outcome())
    assert outcomes == wanted
    assert outcomes[0] == outcomes[1] == outcomes[2]


@pytest.mark.faults
def test_a_deleted_state_topic_is_rebuilt_from_the_records(
    bootstrap: str, namespace: str, transactions: list[Transaction]
) -> None:
    detection = on(bootstrap, namespace, 1)
    detection.publish(transactions[: len(transactions) // 2])
    detection.finish(members=1)
    forget(bootstrap, f"1-{namespace}{DETECTOR_STATE.name}", detection)
    detection.publish(transactions[len(transactions) // 2 :])
    detection.finish(members=1)
    assert detection.outcome() == reference(detection.broker)


@pytest.mark.faults
def test_where_the_records_are_gone_too_it_refuses_to_go_on(
    bootstrap: str, namespace: str, transactions: list[Transaction]
) -> None:
    """Learned anew from what is left, the same transactions would score otherwise."""
    detection = on(bootstrap, namespace, 1)
    detection.publish(transactions[:200])
    detection.finish(members=1)
    forget(bootstrap, f"1-{namespace}{DETECTOR_STATE.name}", detection)
    where = TopicPartition(f"1-{namespace}{TRANSACTIONS.name}", 0, 100)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_records([where])[where].result(30)
    until(lambda: detection.broker.bounds(Partition(TRANSACTIONS.name, 0))[0] == 100)
    with pytest.raises(UnsafeToContinueError, match=r"detector-state-v1 was deleted"):
        detection.member(threading.Event())


@pytest.mark.faults
def test_a_group_that_never_said_how_far_it_came_is_told_by_its_next_member(
    bootstrap: str, namespace: str, transactions: list[Transaction]
) -> None:
    """As if a member had died between its snapshot and its commit: no record is left to read."""
    detection = on(bootstrap, namespace, 1)
    detection.publish(transactions[:200])
    detection.finish(members=1)
    admin, group = AdminClient({"bootstrap.servers": bootstrap}), f"1-{namespace}{GROUP}"
    admin.delete_consumer_groups([group])[group].result(30)
    assert not detection.done()
    detection.finish(members=1)


def forget(bootstrap: str, topic: str, detection: Detection) -> None:
    """Delete the state topic and create it empty, as somebody in a hurry would."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.delete_topics([topic])[topic].result(30)
    until(lambda: detection.broker.partitions(DETECTOR_STATE.name) == 0)
    detection.broker.create([replace(DETECTOR_STATE, partitions=1)])


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_fresh_addresses_in_every_transaction_do_not_grow_what_is_kept(chance: Random) -> None:
    """Dust from ever new accounts, as somebody sends who wants to fill memory: what was learned has
    a fixed size, and what waits to be learned is bounded by finality."""
    maker = HostMaker("core", load_set(CORE, CORE), {}, lambda _: FINALITY)
    host = maker.make(samples.CHAIN, samples.PROTOCOL)
    learned, waiting = [], []
    for number in range(12_000):
        host.take(samples.transaction(number, chance, accounts=10_000_000))
        if number % 3000 == 2999:
            state = host.dump()
            waiting.append(len(state.pop("waiting")))
            learned.append(len(orjson.dumps(state)))
    assert max(learned) < 1.2 * learned[0], learned
    assert max(waiting) < 3 * (FINALITY + 1) + 30, waiting
