"""Call trees of a block, from whichever method a node offers."""

from typing import Any, Literal, Protocol

from ingest.evm.connection import Connection
from ingest.evm.errors import FaultyAnswerError, RefusedError
from ingest.raw import RawFrame
from ingest.trees import calltracer_frames, parity_frames

Traces = Literal["auto", "parity", "geth", "none"]

Frames = dict[int, list[RawFrame]]
"""By the index of the transaction in its block."""

_CALL_TRACER = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": False}}


class TracePort(Protocol):
    """A way to get the call trees of a whole block."""

    @property
    def name(self) -> Traces:
        """What it is called in the settings."""
        ...

    async def frames(self, connection: Connection, number: int, block_hash: str) -> Frames | None:
        """Return the frames of each transaction; None when this way gives none.

        Raises `EndpointError`, or `PoisonRecordError` naming what cannot be read.
        """
        ...


class ParityTraces:
    """`trace_block`, of Erigon, Nethermind, Reth, OpenEthereum and anvil.

    It names a block by its number alone, so each row has to say that it is of the wanted one.
    """

    name: Traces = "parity"

    async def frames(self, connection: Connection, number: int, block_hash: str) -> Frames | None:
        """Return the frames of each transaction."""
        rows = await connection.request("trace_block", hex(number))
        by_transaction: dict[int, list[dict[str, Any]]] = {}
        for row in _list(rows, connection):
            if not isinstance(row, dict) or row.get("blockHash") != block_hash:
                raise FaultyAnswerError(
                    f"{connection.name}: trace_block answered for another block than {block_hash}"
                )
            position = row.get("transactionPosition")
            if isinstance(position, int):
                by_transaction.setdefault(position, []).append(row)
        return {index: parity_frames(found) for index, found in by_transaction.items()}


class GethTraces:
    """`debug_traceBlockByHash` with the call tracer, of geth and what descends from it."""

    name: Traces = "geth"

    async def frames(
        self,
        connection: Connection,
        number: int,  # noqa: ARG002 - the hash says it all
        block_hash: str,
    ) -> Frames | None:
        """Return the frames of each transaction."""
        answer = await connection.request("debug_traceBlockByHash", block_hash, _CALL_TRACER)
        found: Frames = {}
        for index, traced in enumerate(_list(answer, connection)):
            tree = traced.get("result") if isinstance(traced, dict) else None
            if not isinstance(tree, dict):
                raise FaultyAnswerError(f"{connection.name}: no call tree of transaction {index}")
            found[index] = calltracer_frames(tree)
        return found


class NoTraces:
    """A node without traces, or an operator who does not want them."""

    name: Traces = "none"

    async def frames(
        self,
        connection: Connection,  # noqa: ARG002 - nobody is asked
        number: int,  # noqa: ARG002
        block_hash: str,  # noqa: ARG002
    ) -> Frames | None:
        """Return None."""
        return None


_PORTS: dict[Traces, type[ParityTraces | GethTraces | NoTraces]] = {
    "parity": ParityTraces,
    "geth": GethTraces,
    "none": NoTraces,
}


async def choose_port(wanted: Traces, connection: Connection) -> TracePort:
    """Return the wanted way, or with `auto` the first one that this node does not refuse.

    Raises `EndpointError` when the node does not answer at all.
    """
    if wanted != "auto":
        return _PORTS[wanted]()
    head = await connection.request("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the method's own parameter
    if not isinstance(head, dict) or not {"number", "hash"} <= head.keys():
        raise FaultyAnswerError(f"{connection.name}: no block is the latest: {head!r:.90}")
    try:
        await connection.request("trace_block", head["number"])
    except RefusedError:
        pass
    else:
        return ParityTraces()
    try:
        await connection.request("debug_traceBlockByHash", head["hash"], _CALL_TRACER)
    except RefusedError:
        return NoTraces()
    return GethTraces()


def _list(answer: Any, connection: Connection) -> list[Any]:
    if isinstance(answer, list):
        return answer
    raise FaultyAnswerError(f"{connection.name}: traces are not a list: {answer!r:.90}")
