"""The calls of a protocol history: nested by their intervals, their storage writes counted once."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.files.fields import ZERO_ADDRESS
from ingest.numbers import refused, whole
from ingest.raw import FrameKind, RawFrame, RawWrite
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

_SELECTOR = re.compile("0x[0-9a-fA-F]{8}")
_KINDS: dict[str, FrameKind] = {
    "firstcall": "call",
    "call": "call",
    "staticcall": "staticcall",
    "delegatecall": "delegatecall",
    "callcode": "callcode",
    "create": "create",
    "create2": "create",
    "selfdestruct": "destroy",
}
_BORROWING = ("delegatecall", "callcode")
_NO_STEP = -1

_Write = tuple[str, int, int, int, int]
"""Contract, slot, value, program counter, and the step of execution, `_NO_STEP` if not told."""


@dataclass(slots=True)
class RecordedCall:
    """A call as a history has it. `start` and `end` are steps of execution, -1 before the first."""

    contract: str
    input: str
    ok: bool
    start: int
    end: int
    outermost: bool
    """True for the call that the transaction itself made."""
    kind: FrameKind
    storage: Any
    parent: int | None = None
    """Which earlier call of the list it was made in, None if that was not recorded."""
    depth: int = 0
    keeps: str = ZERO_ADDRESS
    """The contract whose storage it works on; the zero address where that is not told."""


def nested(calls: Sequence[Any]) -> list[RecordedCall]:
    """Return the calls in the order of execution, each with what it was made in.

    Raises `PoisonRecordError` when one cannot be read, or two intervals overlap without one holding
    the other.
    """
    found = sorted(map(_call, calls), key=lambda call: (call.start, -call.end))
    around: list[int] = []
    for index, call in enumerate(found):
        while around and found[around[-1]].end < call.start:
            around.pop()
        if around:
            call.parent = around[-1]
            outer = found[call.parent]
            call.depth = outer.depth + 1
            if outer.end < call.end:
                raise PoisonRecordError(f"call [{call.start}, {call.end}] leaves the one around it")
        if call.kind not in _BORROWING:
            call.keeps = call.contract
        elif call.parent is not None:
            call.keeps = found[call.parent].keeps
        around.append(index)
    return found


def _call(told: Any) -> RecordedCall:
    if not isinstance(told, list) or len(told) != 7:
        raise refused(told, "call", "a list of seven")
    contract, function, status, start, end, kind, storage = told
    if type(start) is not int or type(end) is not int or not -1 <= start <= end:
        raise refused([start, end], "interval", "two steps, one not before the other")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise refused(kind, "type", "a known type of call")
    selector = isinstance(function, str) and _SELECTOR.fullmatch(function)
    return RecordedCall(
        contract=hexadecimal.address(contract, "contract"),
        input=function.lower() if selector else "0x",
        ok=status == "complete",
        start=start,
        end=end,
        outermost=kind == "firstcall",
        kind=_KINDS[kind],
        storage=storage,
    )


def frames_of(calls: Sequence[RecordedCall]) -> list[RawFrame]:
    """Return the calls as frames; one whose caller was not recorded comes from the zero address."""
    return [
        RawFrame(
            depth=call.depth,
            kind=call.kind,
            sender=ZERO_ADDRESS if call.parent is None else calls[call.parent].keeps,
            to=call.contract,
            value=0,
            input=call.input,
            output="",
            ok=call.ok,
        )
        for call in calls
    ]


def writes_of(calls: Sequence[RecordedCall]) -> list[RawWrite]:
    """Return the storage writes that lasted, each once, in the order of execution.

    A call's accesses are recorded again with the calls around it, and at times several times over
    in one list. A step of execution happens once; where steps are not told, a write counts as
    often as the call around it or the calls made in it have it, whichever is more.
    """
    own = [Counter(_writes(call)) for call in calls]
    noticed = dict.fromkeys(write for writes in own for write in writes)
    # by the call around them, the outermost ones' last
    within: list[Counter[_Write]] = [Counter() for _ in (*calls, None)]
    undone: list[Counter[_Write]] = [Counter() for _ in (*calls, None)]
    for index in reversed(range(len(calls))):
        call, done, lost = calls[index], within[index], undone[index]
        for write, times in own[index].items():
            done[write] = max(done[write], times - lost[write])
        around = len(calls) if call.parent is None else call.parent
        if call.ok:
            within[around] = _sum(within[around], done)
        else:
            lost = _sum(lost, done)
        undone[around] = _sum(undone[around], lost)
    lasting = within[-1]
    ordered = sorted((write for write in noticed if lasting[write]), key=lambda write: write[4])
    return [
        RawWrite(*write[:3])
        for write in ordered
        for _ in range(lasting[write] if write[4] == _NO_STEP else 1)
    ]


def _sum(one: Counter[_Write], other: Counter[_Write]) -> Counter[_Write]:
    """Add up two counts at the cost of the smaller; neither is to be used afterwards."""
    larger, smaller = (one, other) if len(one) > len(other) else (other, one)
    larger.update(smaller)
    return larger


def _writes(call: RecordedCall) -> Iterator[_Write]:
    storage = call.storage
    told = storage if isinstance(storage, Mapping) else {call.keeps: storage}
    for contract, accesses in told.items():
        keeper = hexadecimal.address(contract, "storage")
        if not isinstance(accesses, list):
            raise refused(accesses, "storage", "a list of accesses")
        for access in accesses:
            if not isinstance(access, list) or len(access) not in (4, 5):
                raise refused(access, "access", "a list of four or five")
            if access[0] == "sstore":
                slot, value, pc = whole(access[1], "slot"), whole(access[2], "value"), access[3]
                step = whole(access[4], "step") if len(access) == 5 else _NO_STEP
                yield keeper, slot, value, whole(pc, "pc"), step
            elif access[0] != "sload":
                raise refused(access[0], "access", "sload or sstore")
