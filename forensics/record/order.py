"""Whether intent stands before action. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schemas.actions import Action
from schemas.incidents import Recovery, Turn

_OF_A_STEP = frozenset({"approved", "carried-out"})


def disordered(steps: Iterable[tuple[int, Action | Recovery]]) -> Iterator[str]:
    """Say which steps of brakes, and which turns on the way back of a case, stand in the log before
    what they follow from.

    `steps` are leaves' places and what they hold, in the log's order. A journal writes a step down
    before it is taken, and a turn is told before it is written down; so one whose intent comes
    later, or never, was not made by them. A step of the way back is carried out behind its staging
    and as many agreements as its own quorum says.
    """
    seen: dict[str, set[int]] = defaultdict(set)
    cases: dict[str, _Case] = defaultdict(_Case)
    for position, record in steps:
        if isinstance(record, Action):
            place, of = record.step, f"step {{}} ({record.state}) of action {record.action[:16]}"
            known = seen[f"action {record.action}"]
        elif record.turn is not None:
            turn, case = record.turn, record.incident
            place, of = turn.place, f"turn {{}} ({turn.event}) of the recovery of {case[:16]}"
            known = seen[f"case {case}"]
            for lack in cases[case].take(turn, record.checklist.quorum if record.checklist else 0):
                yield f"leaf {position}: {of.format(place)}: {lack}"
        else:
            continue
        if place and place - 1 not in known:
            yield f"leaf {position}: {of.format(place)} stands before its {of[:4]} {place - 1}"
        known.add(place)


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
