"""Call trees as nodes write them, flattened into `RawFrame`s in the order of execution.

Two shapes exist: Parity's rows, one per frame with its place in the tree, and the tree that the
`callTracer` of geth returns. Both keep every frame the tracer saw, precompiles and delegatecalls
included, and say of each frame only whether itself failed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.numbers import whole
from ingest.raw import FrameKind, RawFrame
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

MAX_FRAMES = 200_000
"""Frames of one transaction beyond which a tree is refused; 60M gas pays for about 85,000 calls."""

_CALLS: dict[str, FrameKind] = {
    "call": "call",
    "staticcall": "staticcall",
    "delegatecall": "delegatecall",
    "callcode": "callcode",
}
_CREATIONS = ("create", "create2")
_DESTRUCTIONS = ("selfdestruct", "suicide")
_UNKNOWN = (None, "None")
"""How exporters write that they do not know what a frame returned."""


def parity_frames(rows: Sequence[Mapping[str, Any]]) -> list[RawFrame]:
    """Flatten the rows of one transaction; their own order does not matter.

    Rows that are not part of a transaction (rewards) are left out. Raises `PoisonRecordError`
    naming the field that cannot be read.
    """
    if len(rows) > MAX_FRAMES:
        raise PoisonRecordError(f"a call tree of {len(rows):,} frames, the limit is {MAX_FRAMES:,}")
    placed = [(_place(row), row) for row in rows if row.get("type") != "reward"]
    placed.sort(key=lambda item: item[0])
    return [_parity_frame(len(place), row) for place, row in placed]


def _place(row: Mapping[str, Any]) -> tuple[int, ...]:
    place = row.get("traceAddress", row.get("trace_address"))
    if isinstance(place, list) and all(type(step) is int and step >= 0 for step in place):
        return tuple(place)
    raise PoisonRecordError(f"traceAddress is not a list of numbers: {str(place)[:90]!r}")


def _parity_frame(depth: int, row: Mapping[str, Any]) -> RawFrame:
    kind, action = row.get("type"), _table(row.get("action"), "action")
    result = _table(row.get("result") or {}, "result")
    ok = row.get("error") is None
    if kind == "call":
        return RawFrame(
            depth=depth,
            kind=_call_kind(action.get("callType", "call")),
            sender=hexadecimal.address(action.get("from"), "from"),
            to=hexadecimal.address(action.get("to"), "to"),
            value=whole(action.get("value") or 0, "value"),
            input=hexadecimal.data(action.get("input") or "0x", "input"),
            output=_output(result.get("output", "0x"), ok=ok),
            ok=ok,
        )
    if kind in _CREATIONS:
        made = result.get("address")
        return RawFrame(
            depth=depth,
            kind="create",
            sender=hexadecimal.address(action.get("from"), "from"),
            to="" if made is None or not ok else hexadecimal.address(made, "address"),
            value=whole(action.get("value") or 0, "value"),
            input=hexadecimal.data(action.get("init") or "0x", "init"),
            output=_output(result.get("code", "0x"), ok=ok),
            ok=ok,
        )
    if kind in _DESTRUCTIONS:
        return RawFrame(
            depth=depth,
            kind="destroy",
            sender=hexadecimal.address(action.get("address"), "address"),
            to=hexadecimal.address(action.get("refundAddress"), "refundAddress"),
            value=whole(action.get("balance") or 0, "balance"),
            input="0x",
            output="",
            ok=ok,
        )
    raise PoisonRecordError(f"unknown type of frame: {str(kind)[:90]!r}")


def calltracer_frames(tree: Mapping[str, Any]) -> list[RawFrame]:
    """Flatten the tree of one transaction. An output that is missing is empty, as geth has it.

    Raises `PoisonRecordError` naming the field that cannot be read.
    """
    frames: list[RawFrame] = []
    # A stack of our own: a call tree may be deeper than Python's.
    waiting: list[tuple[int, Any]] = [(0, tree)]
    while waiting:
        depth, node = waiting.pop()
        frames.append(_calltracer_frame(depth, _table(node, "frame")))
        if len(frames) > MAX_FRAMES:
            raise PoisonRecordError(f"a call tree of more than {MAX_FRAMES:,} frames")
        children = node.get("calls") or []
        if not isinstance(children, list):
            raise PoisonRecordError(f"calls is not a list: {str(children)[:90]!r}")
        waiting.extend((depth + 1, child) for child in reversed(children))
    return frames


def _calltracer_frame(depth: int, node: Mapping[str, Any]) -> RawFrame:
    name = str(node.get("type", "")).lower()
    ok = not node.get("error")
    kind: FrameKind
    if name in _CREATIONS:
        kind = "create"
    elif name in _DESTRUCTIONS:
        kind = "destroy"
    else:
        kind = _call_kind(name)
    unmade = kind == "create" and (not ok or node.get("to") in (None, ""))
    return RawFrame(
        depth=depth,
        kind=kind,
        sender=hexadecimal.address(node.get("from"), "from"),
        to="" if unmade else hexadecimal.address(node.get("to"), "to"),
        value=whole(node.get("value") or 0, "value"),
        input=hexadecimal.data(node.get("input") or "0x", "input"),
        output="" if kind == "destroy" else _output(node.get("output", "0x"), ok=ok),
        ok=ok,
    )


def _call_kind(name: Any) -> FrameKind:
    kind = _CALLS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise PoisonRecordError(f"unknown type of call: {str(name)[:90]!r}")
    return kind


def _output(value: Any, *, ok: bool) -> str:
    """Return what a frame returned. What a reverted one says is left out, for not every tracer
    tells."""
    return "" if not ok or value in _UNKNOWN else hexadecimal.data(value, "output")


def _table(value: Any, field: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise PoisonRecordError(f"{field} is not an object: {str(value)[:90]!r}")
