"""Whether intent stands before action. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from schemas.incidents import Turn
from schemas.topics import ACTIONS, RECOVERIES

ORDERED = frozenset({ACTIONS.name, RECOVERIES.name})
"""The topics whose records follow from each other."""

_OF_A_STEP = frozenset({"approved", "carried-out"})


class Step(msgspec.Struct, frozen=True, tag_field="kind", tag="action", gc=False):
    """What of an action tells its place: read of a million, the rest would cost more than all
    hashes."""

    action: str
    step: int
    state: str


class _Quorum(msgspec.Struct, frozen=True, gc=False):
    quorum: int = 0


class Told(msgspec.Struct, frozen=True, tag_field="kind", tag="recovery"):
    """The same of a recovery."""

    incident: str
    turn: Turn | None = None
    checklist: _Quorum | None = None


_READ: msgspec.json.Decoder[Step | Told] = msgspec.json.Decoder(Step | Told)


def placed(value: str | bytes) -> Step | Told | None:
    """Return what tells the place of a record on these topics; None for bytes that are none."""
    try:
        return _READ.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class Order:
    """Goes along a log, and knows what stood in it so far.

    A journal writes a step down before it is taken, and a turn on the way back is told before it is
    written down; so one whose intent comes later, or never, was not made by them. A step of the way
    back is carried out behind its staging and as many agreements as its own quorum says.
    """

    def __init__(self) -> None:
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._cases: dict[str, _Case] = defaultdict(_Case)

    def disordered(self, steps: Iterable[tuple[int, Step | Told]]) -> Iterator[str]:
        """Go on by these leaves' places and what they hold, in the log's order; say which stand
        before what they follow from."""
        for position, record in steps:
            if isinstance(record, Step):
                place, known = record.step, self._seen[record.action]
            elif record.turn is not None:
                turn = record.turn
                place, known = turn.place, self._seen[f"case {record.incident}"]
                quorum = record.checklist.quorum if record.checklist else 0
                for lack in self._cases[record.incident].take(turn, quorum):
                    yield f"leaf {position}: {_named(record)}: {lack}"
            else:
                continue
            if place and place - 1 not in known:
                what = "step" if isinstance(record, Step) else "turn"
                yield f"leaf {position}: {_named(record)} stands before its {what} {place - 1}"
            known.add(place)


def _named(record: Step | Told) -> str:
    if isinstance(record, Step):
        return f"step {record.step} ({record.state}) of action {record.action[:16]}"
    turn = record.turn
    which = f"{turn.place} ({turn.event})" if turn else ""
    return f"turn {which} of the recovery of {record.incident[:16]}"


@dataclass(slots=True)
class _Case:
    """What was staged last, and who agreed to it since."""

    staged: str = ""
    agreed: set[str] = field(default_factory=set)
    last: Turn | None = None

    def take(self, turn: Turn, quorum: int) -> Iterator[str]:
        """Go on by a turn; say what should stand before it and does not. What was told and could
        not be written down is told again: that is one turn."""
        if turn == self.last:
            return
        self.last = turn
        if turn.event in _OF_A_STEP and turn.proposal != self.staged:
            yield f"{turn.proposal[:18]} was not staged before"
        elif turn.event == "approved":
            self.agreed.add(turn.signer)
        elif turn.event == "carried-out" and len(self.agreed) < quorum:
            yield f"{len(self.agreed)} agreements to {turn.proposal[:18]} before it, of {quorum}"
        if turn.event == "staged":
            self.staged, self.agreed = turn.proposal, set()
        elif turn.event in ("carried-out", "braked-again"):
            self.staged, self.agreed = "", set()
