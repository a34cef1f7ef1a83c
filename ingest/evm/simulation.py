"""What a waiting transaction would do: asked from a node, on the state of its newest block.

`debug_traceCall` gives call tree and logs; where a node refuses it, `eth_simulateV1` (geth, Reth,
Nethermind, anvil) gives the logs alone. Fees and nonce are left out of the question: whether a
transaction can pay is not what is asked.
"""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from ingest.evm.connection import Connection
from ingest.evm.errors import FaultyAnswerError, RefusedError
from ingest.raw import RawLog, RawTransaction
from ingest.trees import MAX_FRAMES, calltracer_frames
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

Answer = Mapping[str, Any]

MAX_LOGS = 20_000
"""Logs of one simulation beyond which it is refused; 60M gas pay for about 160,000 empty ones."""

_UNKNOWN_METHOD = -32601
"""JSON-RPC 2.0's code for it."""

_KEPT = ("from", "to", "gas", "value", "accessList", "authorizationList")
_TRACER = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": False, "withLog": True}}


class SimulationPort(Protocol):
    """A way to ask what a transaction would do."""

    @property
    def name(self) -> Literal["trace", "simulate"]:
        """What it is called in logs."""
        ...

    async def simulate(self, connection: Connection, transaction: Answer) -> RawTransaction:
        """Return the transaction as it would be on top of the newest block.

        Raises `EndpointError`, or `PoisonRecordError` naming what cannot be read.
        """
        ...


class TraceCall:
    """`debug_traceCall` with the call tracer and its logs."""

    name: Literal["trace", "simulate"] = "trace"

    async def simulate(self, connection: Connection, transaction: Answer) -> RawTransaction:
        """Return the transaction with frames and logs."""
        tree = await connection.request("debug_traceCall", _call(transaction), "latest", _TRACER)
        if not isinstance(tree, dict):
            raise FaultyAnswerError(f"{connection.name}: debug_traceCall gave no call tree")
        found = _raw(transaction)
        found.frames = calltracer_frames(tree)
        found.logs = _logs_of_tree(tree)
        found.ok = not tree.get("error")
        return found


class SimulateV1:
    """`eth_simulateV1`: logs and outcome, no call tree."""

    name: Literal["trace", "simulate"] = "simulate"

    async def simulate(self, connection: Connection, transaction: Answer) -> RawTransaction:
        """Return the transaction with its logs."""
        asked = {"blockStateCalls": [{"calls": [_call(transaction)]}]}
        answer = await connection.request("eth_simulateV1", asked, "latest")
        try:
            outcome = answer[0]["calls"][0]
            ok = int(outcome["status"], 16) == 1
            rows = outcome["logs"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise FaultyAnswerError(f"{connection.name}: eth_simulateV1 gave no call") from error
        if not isinstance(rows, list):
            raise FaultyAnswerError(f"{connection.name}: eth_simulateV1 gave no logs")
        found = _raw(transaction)
        found.logs = [_log(row, number) for number, row in enumerate(_bounded(rows))]
        found.ok = ok
        return found


async def first_simulation(
    ports: list[SimulationPort], connection: Connection, transaction: Answer
) -> RawTransaction:
    """Ask by one port after the other until the node does not refuse; a port that the node does
    not know at all is removed from the list, but for the last.

    A refusal of this transaction says nothing of the next one: who wrote it must not be able to
    switch a port off.
    """
    refusals: list[RefusedError] = []
    for port in tuple(ports):
        try:
            return await port.simulate(connection, transaction)
        except RefusedError as error:
            refusals.append(error)
            if error.code == _UNKNOWN_METHOD and len(ports) > 1 and port in ports:
                ports.remove(port)
    raise refusals[-1]


def _call(transaction: Answer) -> dict[str, Any]:
    call = {key: transaction[key] for key in _KEPT if transaction.get(key)}
    return call | {"input": transaction.get("input") or "0x"}


def _raw(transaction: Answer) -> RawTransaction:
    to = transaction.get("to")
    return RawTransaction(
        hash=hexadecimal.hash32(transaction.get("hash"), "hash"),
        index=0,
        sender=hexadecimal.address(transaction.get("from"), "from"),
        to=None if to is None else hexadecimal.address(to, "to"),
        value=hexadecimal.quantity(transaction.get("value") or "0x0", "value"),
        input=hexadecimal.data(transaction.get("input") or "0x", "input"),
    )


def _logs_of_tree(tree: Answer) -> list[RawLog]:
    """Return the logs that would be kept, in the order of execution as far as the node tells it."""
    rows: list[Any] = []
    waiting: list[Any] = [tree]
    for _ in range(MAX_FRAMES + 1):
        if not waiting:
            break
        node = waiting.pop()
        if not isinstance(node, dict) or node.get("error"):
            continue  # what a reverted frame logged is void
        rows += node.get("logs") or []
        waiting.extend(reversed(node.get("calls") or []))
    if all(isinstance(row, dict) and isinstance(row.get("index"), str) for row in rows):
        rows.sort(key=lambda row: hexadecimal.quantity(row["index"], "index"))
    return [_log(row, number) for number, row in enumerate(_bounded(rows))]


def _bounded(rows: list[Any]) -> list[Any]:
    if len(rows) > MAX_LOGS:
        raise PoisonRecordError(f"a simulation of {len(rows):,} logs, the limit is {MAX_LOGS:,}")
    return rows


def _log(row: Any, number: int) -> RawLog:
    topics = row.get("topics") if isinstance(row, dict) else None
    if not isinstance(topics, list) or len(topics) > 4:
        raise PoisonRecordError(f"a simulated log has no topics: {str(row)[:90]!r}")
    return RawLog(
        contract=hexadecimal.address(row.get("address"), "address"),
        topics=tuple(hexadecimal.hash32(topic, "topic") for topic in topics),
        data=hexadecimal.data(row.get("data") or "0x", "data"),
        log=number,
    )
