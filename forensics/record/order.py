"""Whether intent stands before action. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from forensics.record.releases import Answered, Asked, Called, Releases, Shown
from schemas.incidents import Turn
from schemas.topics import ACTIONS, AUTHORITY, DECISIONS, RECOVERIES

ORDERED = frozenset({ACTIONS.name, RECOVERIES.name, DECISIONS.name, AUTHORITY.name})
"""The topics whose records follow from each other."""

_MARKS = {
    AUTHORITY.name: (b'\\"kind\\":\\"event\\"',),
    DECISIONS.name: (b'\\"matter\\":\\"release\\"', b'\\"kind\\":\\"answer\\"'),
}
"""What a leaf of these topics has in it where it counts here, as our services write it, unless its
value is kept apart: so the rest is not read. What somebody else wrote otherwise orders no release,
and shows none."""

_APART = b'"value":{'
"""What every leaf has in it whose value is kept apart."""

_OF_A_STEP = frozenset({"approved", "carried-out"})

_MOST_SIGNERS = 256
"""As many as a record has room for: who floods the topic with agreements must not slow a check."""


class Step(msgspec.Struct, frozen=True, tag_field="kind", tag="action", gc=False):
    """What of an action tells its place: read of a million, the rest would cost more than all
    hashes."""

    action: str
    step: int
    state: str


class _Staged(msgspec.Struct, frozen=True):
    digest: str = ""
    calls: tuple[Called, ...] = ()


class _Quorum(msgspec.Struct, frozen=True):
    quorum: int = 0
    signers: tuple[str, ...] = ()
    staged: _Staged | None = None


class Told(msgspec.Struct, frozen=True, tag_field="kind", tag="recovery"):
    """The same of a recovery."""

    incident: str
    protocol: str
    turn: Turn | None = None
    checklist: _Quorum | None = None

    def contracts(self, digest: str) -> frozenset[str] | None:
        """Return what the step of this digest calls, None where that was not told."""
        staged = self.checklist and self.checklist.staged
        if not staged or staged.digest != digest or not staged.calls:
            return None
        return frozenset(call.to for call in staged.calls)


Placed = Step | Told | Asked | Answered | Shown
"""What of a record tells its place."""

_READ: msgspec.json.Decoder[Placed] = msgspec.json.Decoder(Placed)


def counts(topic: str, entry: bytes) -> bool:
    """Say whether a leaf is to be read for its place."""
    if topic not in ORDERED:
        return False
    marks = _MARKS.get(topic)
    return marks is None or any(mark in entry for mark in (*marks, _APART))


def placed(value: str | bytes) -> Placed | None:
    """Return what tells the place of a record on these topics; None for bytes that are none."""
    try:
        return _READ.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class Order:
    """Goes along a log, and knows what stood in it so far.

    A journal writes a step down before it is taken, and a turn on the way back is told before it is
    written down; so one whose intent comes later, or never, was not made by them. A step of the way
    back is carried out behind its staging and as many agreements as the case's quorum, as told
    since it was opened, of those who were told as its signers when it was opened, and who do not
    change. Whoever opens a case again begins at nothing.
    """

    def __init__(self) -> None:
        self._seen: dict[str, set[int]] = defaultdict(set)
        self._cases: dict[str, _Case] = defaultdict(_Case)
        self.releases = Releases()

    def disordered(self, steps: Iterable[tuple[int, Placed]]) -> Iterator[str]:
        """Go on by these leaves' places and what they hold, in the log's order; say which stand
        before what they follow from."""
        for position, record in steps:
            if isinstance(record, Step):
                known, step = self._seen[record.action], record.step
                if step and step - 1 not in known:
                    which = f"step {step} ({record.state}) of action {record.action[:16]}"
                    yield f"leaf {position}: {which} stands before its step {step - 1}"
                known.add(step)
            elif not isinstance(record, Told):
                self.releases.take(position, record)
            elif record.turn is not None:
                turn, case = record.turn, self._cases[record.incident]
                told = record.checklist or _Quorum()
                which = f"turn {turn.place} ({turn.event}) of the recovery of"
                for lack in case.take(turn, told):
                    yield f"leaf {position}: {which} {record.incident[:16]}: {lack}"
                if turn.event == "approved" and case.agreed:
                    contracts = record.contracts(turn.proposal)
                    self.releases.order(position, record.protocol, contracts)


class _Agreed(NamedTuple):
    """What was staged last, who agreed to it since, and how many have to."""

    staged: str = ""
    signers: frozenset[str] = frozenset()
    quorum: int = 0
    """The largest that was told since the case was opened; 0 where none was."""


class _Case:
    """One case, since it was opened last."""

    def __init__(self) -> None:
        self._places: set[int] = set()
        self._last = -1
        self._signers: frozenset[str] = frozenset()
        """Who may agree."""
        self._before = self._after = _Agreed()
        """What was so before the last turn, and behind it."""

    @property
    def agreed(self) -> bool:
        """Whether as many agreed to what is staged as have to."""
        return bool(self._after.staged) and 0 < self._after.quorum <= len(self._after.signers)

    def take(self, turn: Turn, told: _Quorum) -> Iterator[str]:
        """Go on by a turn; say what should stand before it and does not.

        A turn that was told and could not be written down leaves its place to the next one, be it
        the same once more: only the last of a place happened.
        """
        first = turn.place == 0
        if first != (turn.event == "opened"):
            yield "a case is opened by its turn 0, and by no other"
        if first:
            self._places, self._after = set(), _Agreed()
            self._signers = frozenset(told.signers)
        elif turn.place == self._last:
            self._after = self._before
        if not first and told.signers and self._signers != frozenset(told.signers):
            yield "tells other signers than were told as the case was opened"
        if not first and turn.place - 1 not in self._places:
            yield f"stands before its turn {turn.place - 1}"
        self._places.add(turn.place)
        self._last, self._before = turn.place, self._after
        self._after = self._before._replace(quorum=max(self._before.quorum, told.quorum))
        yield from self._step(turn)

    def _step(self, turn: Turn) -> Iterator[str]:
        agreed = self._after
        if turn.event in _OF_A_STEP and (not agreed.staged or turn.proposal != agreed.staged):
            yield f"{turn.proposal[:18] or 'what is not named'} was not staged before"
        elif turn.event == "approved" and not self._may_agree(turn.signer):
            yield f"{turn.signer[:90] or 'nobody'} agrees, and was told as no signer of the case"
        elif turn.event == "approved" and len(agreed.signers) < _MOST_SIGNERS:
            self._after = agreed._replace(signers=agreed.signers | {turn.signer})
        elif turn.event == "carried-out" and not agreed.quorum:
            yield f"no quorum for {turn.proposal[:18]} was told before it"
        elif turn.event == "carried-out" and len(agreed.signers) < agreed.quorum:
            told = f"{len(agreed.signers)} agreements to {turn.proposal[:18]}"
            yield f"{told} before it, of {agreed.quorum}"
        if turn.event == "staged":
            self._after = agreed._replace(staged=turn.proposal, signers=frozenset())
        elif turn.event in ("carried-out", "braked-again"):
            self._after = agreed._replace(staged="", signers=frozenset())

    def _may_agree(self, signer: str) -> bool:
        """Say whether this is one of its signers; of more than a record has room for, anybody may
        be."""
        return signer in self._signers or len(self._signers) >= _MOST_SIGNERS
