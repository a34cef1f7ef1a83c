"""A node's pool, as far as one keeps up with it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.evm import pending as pending_module
from ingest.evm.connection import Connection
from ingest.evm.endpoints import Endpoint
from ingest.evm.errors import NoAnswerError
from ingest.evm.pending import PendingPool, pending_record
from ingest.evm.transport import Heard
from ingest.lens import Lenses
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.chain import Pending
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.topics import PENDING, TRANSACTIONS
from tests.clock import ManualClock
from tests.publication import log, outbox
from tests.unit.ingest.fake_node import FakeConnection
from tests.unit.ingest.model_chain import CHAIN, MANIFESTS, POOL, USER, topics


def name(number: int) -> str:
    return f"0x{number:064x}"


def transaction(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "hash": name(number),
        "from": USER,
        "to": POOL,
        "value": "0x1",
        "nonce": hex(number),
        "maxFeePerGas": "0x3b9aca00",
        "input": "0x1234",
        "blockHash": None,
        **fields,
    }


class Announcing(FakeConnection):
    """Announces what a test wants once it is subscribed to."""

    def __init__(self, announced: list[Any], answers: dict[str, Any]) -> None:
        super().__init__({"eth_subscribe": "0x1", **answers}, "node.ipc")
        self._announced = announced
        self._listener: Heard | None = None

    def twin(self, heard: Heard) -> Connection:
        self._listener = heard
        return self

    async def ended(self, seconds: float) -> bool:
        while self._announced and self._listener is not None:
            self._listener(self._announced.pop(0))
        await asyncio.sleep(seconds)
        return True


def pool(broker: MemoryBroker, metrics: Metrics) -> PendingPool:
    watch = Lenses(MANIFESTS, Path()).live(CHAIN).watch
    out = outbox(broker, broker.producer())
    return PendingPool(CHAIN, out, watch, metrics, ManualClock())


def run(pools: PendingPool, connection: Announcing, until: Callable[[], bool]) -> None:
    async def bounded() -> None:
        task = asyncio.create_task(pools.run(Endpoint(connection)))
        async with asyncio.timeout(10):
            while not until():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(bounded())


def published(broker: MemoryBroker) -> list[str]:
    records = (decode_from(PENDING, m.value or b"") for m in log(broker, PENDING))
    return [record.tx for record in records if isinstance(record, Pending)]


def by_name(asked: str) -> dict[str, Any]:
    return transaction(int(asked, 16))


def test_a_transaction_is_read() -> None:
    assert pending_record(CHAIN, transaction(5)) == Pending(
        id=pending_record(CHAIN, transaction(5)).id,
        chain=CHAIN,
        tx=name(5),
        sender=USER,
        to=POOL,
        value="1",
        nonce=5,
        fee="1000000000",
        data="0x1234",
    )


def test_an_older_kind_of_transaction_pays_a_price_for_gas() -> None:
    old = {**transaction(5), "maxFeePerGas": None, "gasPrice": "0x7"}
    assert pending_record(CHAIN, old).fee == "7"


def test_what_cannot_be_read_is_named() -> None:
    with pytest.raises(PoisonRecordError, match="nonce"):
        pending_record(CHAIN, transaction(5, nonce=5))


def test_what_is_announced_is_published_once() -> None:
    broker, metrics = topics(), Metrics()
    announced = [name(1), name(2), name(1), None, {"hash": name(3)}, name(2)]
    connection = Announcing(announced, {"eth_getTransactionByHash": by_name})
    run(pool(broker, metrics), connection, lambda: len(published(broker)) == 2)
    assert published(broker) == [name(1), name(2)]
    assert len(log(broker, TRANSACTIONS)) == 2


def test_what_left_the_pool_already_is_not_published() -> None:
    broker, metrics = topics(), Metrics()
    answers = {name(1): None, name(2): transaction(2, blockHash=name(9)), name(3): transaction(3)}
    connection = Announcing(list(answers), {"eth_getTransactionByHash": answers.__getitem__})
    run(pool(broker, metrics), connection, lambda: bool(published(broker)))
    assert published(broker) == [name(3)]


def test_what_comes_while_the_queue_is_full_is_dropped_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pending_module, "WAITING_KEPT", 3)
    broker, metrics = topics(), Metrics()
    connection = Announcing([name(n) for n in range(10)], {"eth_getTransactionByHash": by_name})
    run(pool(broker, metrics), connection, lambda: len(published(broker)) == 3)
    assert metrics.dropped_pending.labels(CHAIN)._value.get() == 7


def test_a_failing_node_costs_only_what_it_was_asked_for() -> None:
    broker, metrics = topics(), Metrics()
    answers = {name(1): NoAnswerError("down"), name(2): {"hash": "?"}, name(3): transaction(3)}
    connection = Announcing(list(answers), {"eth_getTransactionByHash": answers.__getitem__})
    run(pool(broker, metrics), connection, lambda: bool(published(broker)))
    assert published(broker) == [name(3)]
    assert metrics.dropped_pending.labels(CHAIN)._value.get() == 2
