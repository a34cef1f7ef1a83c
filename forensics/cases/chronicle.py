"""The timeline of an incident: what happened on chain and what was done about it, in order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from forensics.cases.analysis import Attempt, Brake, Moment, MomentKind, Theft
from forensics.cases.dossier import Dossier
from forensics.cases.following import Hop
from forensics.cases.transactions import Transaction
from schemas.actions import STATES
from schemas.fundflow import NodeKind

MAX_MOVEMENTS = 60
"""Movements of stolen funds that a timeline names; the largest ways are in the picture."""

_HOPS: Mapping[str, tuple[MomentKind, str]] = {
    "scored": ("alert", "alert produced"),
    "decided": ("decision", "brake decided"),
    "sent": ("brake", "brake handed to the node"),
    "mined": ("brake", "brake seen in a block"),
}

_TOLD: Mapping[NodeKind, str] = {
    "mixer": "a mixer, ",
    "bridge": "a bridge, ",
    "exchange": "an exchange, ",
    "victim": "the protocol, ",
}


def brakes(dossier: Dossier) -> tuple[Brake, ...]:
    """Return each brake with its steps, in the order in which they were begun."""
    found: dict[str, Brake] = {}
    for action in sorted(dossier.actions, key=lambda action: action.step):
        before = found.get(action.action)
        steps = (*(before.steps if before else ()), (action.state, action.block))
        found[action.action] = Brake(
            action=action.action,
            adapter=action.adapter,
            target=action.target,
            scope=action.scope,
            state=action.state,
            reason=action.reason,
            stops=action.also_stops or (before.stops if before else ()),
            tx=action.tx or (before.tx if before else ""),
            block=action.block if action.tx else (before.block if before else None),
            steps=steps,
        )
    order = {state: place for place, state in enumerate(STATES)}
    return tuple(sorted(found.values(), key=lambda one: (one.block or 0, order.get(one.state, 99))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the chain shows of an attack."""

    prepared: Iterable[Transaction]
    thefts: Iterable[Theft]
    attempts: Iterable[Attempt]
    way: Iterable[Hop]


def chronicle(
    dossier: Dossier,
    course: Course,
    kind_of: Callable[[str], NodeKind],
    amount: Callable[[str, int], str],
) -> tuple[Moment, ...]:
    """Return the moments in order of time; of one block, what was precisely timed comes last.

    `amount` tells so many of a token in words.
    """
    found = [
        *_preparation(course.prepared),
        *(
            Moment(
                at=theft.at,
                kind="attack",
                what="Stolen: " + ", ".join(amount(name, int(n)) for name, n in theft.lost.items()),
                block=theft.block,
                tx=theft.tx,
            )
            for theft in course.thefts
        ),
        *_done(dossier),
        *(
            Moment(
                at=attempt.at,
                kind="refused",
                what="The attacker tried again and was refused",
                block=attempt.block,
                tx=attempt.tx,
            )
            for attempt in course.attempts
        ),
        *_movements(course.way, kind_of, amount),
        *(
            Moment(
                at=dossier.incident.latest,
                kind="recovery",
                what=f"Recovery: phase {recovery.progress.phase}, "
                f"{recovery.progress.released / 100:g} % let through again",
                block=recovery.progress.block,
            )
            for recovery in dossier.recoveries
        ),
    ]
    return tuple(sorted(found, key=lambda one: (one.block or 10**15, one.at, one.precise or 0)))


def _preparation(prepared: Iterable[Transaction]) -> Iterator[Moment]:
    for tx in prepared:
        what = (
            "The attacker's side created a contract" if tx.created else "The attacker's side acted"
        )
        yield Moment(at=tx.timestamp, kind="preparation", what=what, block=tx.block, tx=tx.hash)


def _done(dossier: Dossier) -> Iterator[Moment]:
    """Yield what our own services did. Their clocks and the chain's are not one: a moment stands
    at the block that it belongs to."""
    first = min(dossier.alerts, key=lambda alert: (alert.block, alert.index), default=None)
    mined = [one for one in brakes(dossier) if one.state in ("included", "final", "satisfied")]
    for hop, (kind, words) in _HOPS.items():
        passed = dossier.incident.hops.get(hop)
        if passed is None or first is None:
            continue
        block = mined[0].block if hop == "mined" and mined else first.block
        yield Moment(
            at=first.timestamp,
            kind=kind,
            what=f"{words[0].upper()}{words[1:]}"
            + (f": {first.summary}" if hop == "scored" else "")
            + (f": {mined[0].adapter} on {mined[0].target}" if hop == "mined" and mined else ""),
            block=block,
            tx=first.tx if hop == "scored" else (mined[0].tx if hop == "mined" and mined else ""),
            precise=passed,
        )


def _movements(
    way: Iterable[Hop], kind_of: Callable[[str], NodeKind], amount: Callable[[str, int], str]
) -> Iterator[Moment]:
    moved = (hop for hop in way if hop.kind not in ("theft", "fee"))
    for hop in islice(moved, MAX_MOVEMENTS):
        taker = hop.transfer.taker
        where = _TOLD.get(kind_of(taker), "")
        how = "given in exchange to" if hop.kind == "exchange" else "moved to"
        yield Moment(
            at=hop.timestamp,
            kind="movement",
            what=f"{amount(hop.transfer.token, hop.stolen)} {how} {where}{taker}",
            block=hop.block,
            tx=hop.tx,
        )
