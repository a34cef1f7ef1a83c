"""From traces to the frames of a transaction, and what the outermost frame tells about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.files.fields import ZERO_ADDRESS
from ingest.raw import RawFrame, RawTransaction
from ingest.trees import calltracer_frames, parity_frames
from schemas.errors import PoisonRecordError

Row = Mapping[str, Any]


def frames_of_rows(rows: Sequence[Row]) -> list[RawFrame]:
    """Put the tree of one transaction together from its Parity rows, in any order.

    Raises `PoisonRecordError` when a frame is missing or cannot be read.
    """
    placed: dict[tuple[int, ...], Row] = {}
    for row in rows:
        # a second file of the folder may tell the same frame again
        placed.setdefault(place_of(row), row)
    for place in placed:
        if place and place[:-1] not in placed:
            raise PoisonRecordError(f"the frame at {list(place[:-1])} is missing")
    if () not in placed:
        raise PoisonRecordError("the outermost frame is missing")
    return parity_frames([_with_destroyed(row, placed) for row in placed.values()])


def place_of(row: Row) -> tuple[int, ...]:
    """Return where in its tree a row stands."""
    place = row.get("traceAddress", row.get("trace_address"))
    if isinstance(place, list) and all(type(step) is int and step >= 0 for step in place):
        return tuple(place)
    raise PoisonRecordError(f"traceAddress is not a list of numbers: {str(place)[:90]!r}")


def _with_destroyed(row: Row, placed: Mapping[tuple[int, ...], Row]) -> Row:
    """Say which contract destroyed itself, where the tracer left it to its parent."""
    action = row.get("action")
    if not isinstance(action, Mapping) or action.get("address", "") is not None:
        return row
    caller = placed[place_of(row)[:-1]].get("action")
    called = caller.get("to") if isinstance(caller, Mapping) else None
    return {**row, "action": {**action, "address": called}}


def frames_of_tree(tree: Any) -> list[RawFrame]:
    """Flatten a callTracer tree. A `delegatecall` field beside a frame's children only repeats
    which of them is the implementation. Raises `PoisonRecordError` naming what cannot be read."""
    if not isinstance(tree, dict):
        raise PoisonRecordError(f"frame is not an object: {str(tree)[:90]!r}")
    _tell_destroyed(tree)
    return calltracer_frames(tree)


def _tell_destroyed(tree: dict[str, Any]) -> None:
    """Say which contract destroyed itself, where the tracer left it to its parent; whom it paid is
    then not told at all."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        children = node.get("calls")
        for child in children if isinstance(children, list) else ():
            if isinstance(child, dict):
                if str(child.get("type")).upper() == "SELFDESTRUCT" and "from" not in child:
                    child.update({"from": node.get("to"), "to": ZERO_ADDRESS})
                waiting.append(child)


def tell_outermost(tx: RawTransaction) -> None:
    """Fill in what nothing else told of a transaction and its outermost frame does."""
    if not tx.frames:
        return
    outermost = tx.frames[0]
    creates = outermost.kind == "create"
    if tx.sender is None:
        tx.sender = outermost.sender
    if tx.to is None and not creates:
        tx.to = outermost.to
    if tx.created is None and creates and outermost.ok:
        tx.created = outermost.to
    if tx.value is None:
        tx.value = outermost.value
    if tx.input is None:
        tx.input = outermost.input
    if tx.ok is None:
        tx.ok = outermost.ok
