"""Tells what a value is by its content."""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.files import bytecode, call_tracer, etl, history, parity, prices, raw_logs, rpc
from ingest.files.shape import Shape

SHAPES: tuple[Shape, ...] = (
    *history.SHAPES,
    *rpc.SHAPES,
    *parity.SHAPES,
    *call_tracer.SHAPES,
    *etl.SHAPES,
    *raw_logs.SHAPES,
    *bytecode.SHAPES,
    *prices.SHAPES,
)
"""Every shape there is; no value fits two of them."""

_ENVELOPE = frozenset(("jsonrpc", "id", "result"))


def recognise(value: Any) -> Shape | None:
    """Return the shape of a value, None if it is of none."""
    return next((shape for shape in SHAPES if shape.fits(value)), None)


def elements(value: Any) -> Iterator[tuple[str, Any, bool]]:
    """Yield (where, value, answered) of what a document holds: the value itself, or each item of a
    list that has no shape as a whole, without the envelope of a recorded answer."""
    value, answered = _opened(value)
    if not isinstance(value, list) or not value or recognise(value):
        yield "", value, answered
        return
    for number, item in enumerate(value):
        inner, alone = _opened(item)
        yield f"item {number}", inner, answered or alone


def _opened(value: Any) -> tuple[Any, bool]:
    if isinstance(value, Mapping):
        if "result" in value and value.keys() <= _ENVELOPE:
            return value["result"], True
        if len(value) == 1:
            # some exporters put the kind of chain around each block
            inner = next(iter(value.values()))
            if rpc.BLOCK.fits(inner):
                return inner, False
    return value, False
