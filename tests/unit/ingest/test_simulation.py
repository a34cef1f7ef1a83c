"""What a node answers about a waiting transaction, and what is made of it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ingest.evm.connection import Connection
from ingest.evm.endpoints import Endpoint
from ingest.evm.errors import FaultyAnswerError, RefusedError
from ingest.evm.rehearsal import PATIENCE, WAITING_KEPT, Rehearsal
from ingest.evm.simulation import SimulateV1, SimulationPort, TraceCall, first_simulation
from ingest.evm.transport import Heard
from ingest.lens import Lenses
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.chain import Transaction
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.topics import TOPICS, TRANSACTIONS
from tests.clock import ManualClock
from tests.publication import log, outbox
from tests.unit.ingest.fake_node import FakeConnection
from tests.unit.ingest.model_chain import CHAIN, MANIFESTS, POOL, USER

WAITING = {
    "hash": "0x" + "ab" * 32,
    "from": USER,
    "to": POOL,
    "value": "0x0",
    "gas": "0x5208",
    "nonce": "0x7",
    "input": "0x12345678",
}
HEAD = {
    "number": "0x10",
    "hash": "0x" + "cd" * 32,
    "parentHash": "0x" + "ce" * 32,
    "timestamp": "0x65000000",
}
LOG = {"address": POOL, "topics": ["0x" + "11" * 32], "data": "0x"}
TREE = {
    "type": "CALL",
    "from": USER,
    "to": POOL,
    "value": "0x0",
    "input": "0x12345678",
    "output": "0x",
    "logs": [LOG | {"index": "0x1"}],
    "calls": [
        {
            "type": "CALL",
            "from": POOL,
            "to": USER,
            "value": "0x1",
            "input": "0x",
            "output": "0x",
            "logs": [LOG | {"index": "0x0", "data": "0x01"}],
        },
        {
            "type": "CALL",
            "from": POOL,
            "to": USER,
            "value": "0x0",
            "input": "0x",
            "error": "execution reverted",
            "logs": [LOG | {"index": "0x2", "data": "0x02"}],
        },
    ],
}
SIMULATED = [{"calls": [{"status": "0x1", "logs": [LOG]}]}]


def ask(port: SimulationPort, answers: dict[str, Any]) -> Any:
    return asyncio.run(port.simulate(FakeConnection(answers), WAITING))


def test_a_call_tree_comes_with_its_logs_in_order_and_without_reverted_ones() -> None:
    found = ask(TraceCall(), {"debug_traceCall": TREE})
    assert [frame.ok for frame in found.frames] == [True, True, False]
    assert [log.data for log in found.logs] == ["0x01", "0x"]
    assert (found.hash, found.sender, found.to, found.ok) == (WAITING["hash"], USER, POOL, True)


def test_the_other_method_gives_logs_alone() -> None:
    found = ask(SimulateV1(), {"eth_simulateV1": SIMULATED})
    assert found.frames is None
    assert len(found.logs) == 1
    assert found.ok


@pytest.mark.parametrize("answer", [None, [], [{}], [{"calls": [{"status": "?"}]}], "0x"])
def test_an_answer_that_is_none_is_the_nodes_fault(answer: Any) -> None:
    with pytest.raises(FaultyAnswerError):
        ask(SimulateV1(), {"eth_simulateV1": answer})


@pytest.mark.parametrize("logs", [["?"], [{"address": POOL}], [LOG | {"topics": ["0x1"]}]])
def test_a_log_that_cannot_be_read_is_named(logs: Any) -> None:
    with pytest.raises(PoisonRecordError):
        ask(TraceCall(), {"debug_traceCall": TREE | {"logs": logs}})


def test_a_method_that_is_refused_is_not_asked_for_again() -> None:
    ports: list[SimulationPort] = [TraceCall(), SimulateV1()]
    answers = {"debug_traceCall": RefusedError("no", -32601), "eth_simulateV1": SIMULATED}
    found = asyncio.run(first_simulation(ports, FakeConnection(answers), WAITING))
    assert found.ok
    assert [port.name for port in ports] == ["simulate"]


def test_a_refusal_of_one_transaction_switches_nothing_off() -> None:
    ports: list[SimulationPort] = [TraceCall(), SimulateV1()]
    refused = {"debug_traceCall": RefusedError("insufficient funds", -32000)}
    found = asyncio.run(
        first_simulation(ports, FakeConnection(refused | {"eth_simulateV1": SIMULATED}), WAITING)
    )
    assert found.ok
    assert [port.name for port in ports] == ["trace", "simulate"]


def test_where_every_method_is_refused_that_is_said() -> None:
    ports: list[SimulationPort] = [TraceCall(), SimulateV1()]
    with pytest.raises(RefusedError):
        asyncio.run(first_simulation(ports, FakeConnection({}), WAITING))
    assert ports, "the next transaction is asked for again"


class Node(FakeConnection):
    """A node that is asked on this connection, whoever wants one of its own."""

    def twin(self, heard: Heard) -> Connection:
        return self


class Stage:
    """A rehearsal on a broker in memory."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.broker, self.metrics = MemoryBroker(), Metrics()
        self.broker.create(TOPICS.values())
        out = outbox(self.broker, self.broker.producer())
        lens = Lenses(MANIFESTS, Path()).live(CHAIN)
        self.rehearsal = Rehearsal(CHAIN, out, lens, self.metrics, ManualClock())
        self.endpoint = Endpoint(Node({"eth_getBlockByNumber": HEAD} | answers))

    def counted(self, outcome: str) -> int:
        return int(self.metrics.rehearsals.labels(CHAIN, outcome)._value.get())

    def run(self, *waiting: dict[str, Any], until: str, times: int = 1) -> list[Transaction]:
        async def bounded() -> None:
            for transaction in waiting:
                self.rehearsal.offer(transaction, 5)
            task = asyncio.create_task(self.rehearsal.run(self.endpoint))
            async with asyncio.timeout(60):
                while self.counted(until) < times:  # noqa: ASYNC110 - there is no event to wait for
                    await asyncio.sleep(0.001)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(bounded())
        found = [decode_from(TRANSACTIONS, m.value or b"") for m in log(self.broker, TRANSACTIONS)]
        return [record for record in found if isinstance(record, Transaction)]


def test_what_a_transaction_would_do_is_published_as_pending_in_the_next_block() -> None:
    (record,) = Stage({"debug_traceCall": TREE}).run(WAITING, until="done")
    assert (record.phase, record.block, record.block_hash) == ("pending", 17, "")
    assert (record.protocol, record.sender, record.tx) == ("meadow", USER, WAITING["hash"])
    assert {"calls", "logs", "flows"} <= set(record.seen)


def test_plain_payments_are_not_rehearsed_and_a_full_queue_drops() -> None:
    stage = Stage({})
    stage.rehearsal.offer(WAITING | {"input": "0x"}, 5)
    for _ in range(WAITING_KEPT + 3):
        stage.rehearsal.offer(WAITING, 5)
    assert stage.counted("dropped") == 3


def test_a_failing_simulation_is_counted_and_the_next_one_is_done() -> None:
    stage = Stage({"debug_traceCall": TREE})
    broken = WAITING | {"hash": "0x12"}
    assert len(stage.run(broken, WAITING, until="done")) == 1
    assert stage.counted("failed") == 1


def test_a_node_that_never_answers_costs_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.evm.rehearsal.PATIENCE", 0.02)
    assert PATIENCE <= 1.0

    class Silent(Node):
        async def request(self, method: str, *params: Any) -> Any:
            await asyncio.sleep(3600)

    stage = Stage({})
    stage.endpoint = Endpoint(Silent({}))
    assert stage.run(WAITING, until="late") == []


def test_transactions_that_a_node_refuses_are_no_reason_to_rest() -> None:
    refused = RefusedError("insufficient funds", -32000)
    stage = Stage({"debug_traceCall": refused, "eth_simulateV1": refused})
    assert stage.run(*[WAITING] * 200, until="failed", times=200) == []
