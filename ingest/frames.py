"""Call trees in one normal form, so that nothing tells which tracer saw them.

- A frame that encloses another is what the other was called by: depth counts frames of this form.
- `ok` is false for everything below a frame that was reverted. Tracers mark that frame only.
- Calls to precompiled contracts are left out: tracers disagree on whether they are frames at all.
  Those that move value, and a transaction's own, are kept by all of them and stay.
- A delegatecall (or callcode) forwards when its selector is the one its own caller was called
  with: a proxy and its implementation. It is spliced: its children become its caller's, and its
  caller's `code` names it; of several the first. The selector decides, not the whole input,
  because some sources tell no more than that and proxies may append to the input.
- Any other delegatecall is a frame of its own: a library, a module, an initialiser.
- A delegatecall whose caller the source did not record stands for the call to its caller: a `call`
  to the implementation, which is also its `code`. Its depth, selector and outcome are those that a
  source with the caller would give; only the address of the proxy is not known.
- The value of a delegatecall (or callcode) is 0: nothing moves, though some tracers repeat there
  what its caller was given.
- An address that is not known (of a failed creation, of an unrecorded caller) is the zero address.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.raw import FrameKind, RawFrame
from schemas.chain import MAX_CALLS, Call

ZERO = "0x" + "0" * 40
MAX_DEPTH = 2048
"""What `schemas.chain.Call.depth` allows; the EVM stops at 1,024."""

_PRECOMPILED = frozenset(f"0x{number:040x}" for number in (*range(0x01, 0x12), 0x100))
_BORROWED = frozenset(("delegatecall", "callcode"))
_CALLED = frozenset(("call", "staticcall", "delegatecall", "callcode"))


@dataclass(slots=True)
class Frame:
    """A frame in normal form, with what `Call` leaves out."""

    depth: int
    kind: FrameKind
    sender: str
    to: str
    selector: str
    value: int
    input: str
    output: str
    ok: bool
    code: str | None = None

    @property
    def born(self) -> bool:
        """Whether this created a contract, for good."""
        return self.kind == "create" and self.ok and self.to != ZERO


@dataclass(slots=True)
class _Open:
    """A frame as its tracer saw it, while its children are read."""

    raw_depth: int
    frame: Frame
    """The frame of the normal form that its children belong to."""
    ok: bool


def selector(text: str) -> str:
    """Return the first four bytes of a call's input; '' when it is shorter."""
    return text[:10] if len(text) >= 10 else ""


def normal_form(frames: Iterable[RawFrame]) -> list[Frame]:
    """Bring a transaction's frames into the normal form."""
    found: list[Frame] = []
    enclosing: list[_Open] = []
    for raw in frames:
        while enclosing and enclosing[-1].raw_depth >= raw.depth:
            enclosing.pop()
        caller = enclosing[-1] if enclosing else None
        ok = raw.ok and (caller is None or caller.ok)
        if caller is not None and _unseen(raw):
            frame = caller.frame
        elif caller is not None and _forwards(raw, caller.frame):
            frame = caller.frame
            frame.code = frame.code or raw.to
        else:
            frame = _frame(raw, caller, ok=ok)
            found.append(frame)
        enclosing.append(_Open(raw.depth, frame, ok))
    return found


def calls(frames: Sequence[Frame]) -> tuple[tuple[Call, ...], int]:
    """Return the frames as records carry them, and how many were cut for exceeding the bounds."""
    kept = tuple(
        Call(
            depth=frame.depth,
            kind=frame.kind,
            sender=frame.sender,
            to=frame.to,
            selector=frame.selector,
            value=str(frame.value),
            ok=frame.ok,
            code=frame.code,
        )
        for frame in frames[:MAX_CALLS]
        if frame.depth <= MAX_DEPTH
    )
    return kept, len(frames) - len(kept)


def _unseen(raw: RawFrame) -> bool:
    return raw.to in _PRECOMPILED and raw.kind in _CALLED and not _moved(raw)


def _forwards(raw: RawFrame, caller: Frame) -> bool:
    borrowed = raw.kind in _BORROWED and caller.kind in _CALLED
    return borrowed and selector(raw.input) == caller.selector


def _moved(raw: RawFrame) -> int:
    return 0 if raw.kind in _BORROWED else raw.value


def _frame(raw: RawFrame, caller: _Open | None, *, ok: bool) -> Frame:
    orphan = caller is None and raw.kind in _BORROWED
    return Frame(
        depth=0 if caller is None else caller.frame.depth + 1,
        kind="call" if orphan else raw.kind,
        sender=raw.sender or ZERO,
        to=raw.to or ZERO,
        selector=selector(raw.input) if raw.kind in _CALLED else "",
        value=_moved(raw),
        input=raw.input,
        output=raw.output,
        ok=ok,
        code=raw.to if orphan else None,
    )
