"""The timeline of an incident: what happened on chain and what was done about it, in order."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from forensics.cases.analysis import Attempt, Moment, MomentKind, Theft
from forensics.cases.dossier import Dossier
from forensics.cases.measures import DECIDED
from forensics.cases.trail import Hop as Way
from forensics.cases.transactions import Transaction
from schemas.brake_events import Effect, course
from schemas.fundflow import NodeKind
from schemas.incidents import Hop, Incident
from schemas.turns import led_back

MAX_MOVEMENTS = 60
"""Movements of stolen funds that a timeline names; the largest ways are in the picture."""

MAX_ALERTS = 20
"""Alerts that a timeline names: those of the attack come early."""

MAX_DECISIONS = 20

MAX_SHOWN = 40
"""Brakes and releases on chain that a timeline names."""

_EFFECTS: Mapping[Effect, str] = {
    "braked": "The chain shows a brake",
    "released": "The chain shows a release",
    "reset": "The chain shows limits set",
}

_STEPS: Mapping[str, tuple[MomentKind, Hop, str]] = {
    "refused": ("decision", "decided", "Brake refused"),
    "rehearsed": ("decision", "decided", "Brake decided on, rehearsed only"),
    "authorised": ("decision", "decided", "Brake decided on"),
    "broadcast": ("brake", "sent", "Brake handed to the node"),
    "included": ("brake", "mined", "Brake mined"),
    "failed": ("brake", "sent", "Brake failed"),
}

_TOLD: Mapping[NodeKind, str] = {
    "mixer": "a mixer, ",
    "bridge": "a bridge, ",
    "exchange": "an exchange, ",
    "victim": "the protocol, ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the chain shows of an attack."""

    prepared: Iterable[Transaction]
    thefts: Iterable[Theft]
    attempts: Iterable[Attempt]
    way: Iterable[Way]


def chronicle(
    dossier: Dossier,
    course: Course,
    kind_of: Callable[[str], NodeKind],
    amount: Callable[[str, int], str],
) -> tuple[Moment, ...]:
    """Return the moments in order of time; of one block, what was precisely timed comes last. What
    people said stands where their clocks put it among the blocks.

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
        *_raised(dossier),
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
        *_shown(dossier),
    ]
    found.sort(key=lambda one: (one.block or 10**15, one.at, one.precise or 0))
    words = [*_said(dossier.incident), *_led_back(dossier)]
    for word in sorted(words, key=lambda one: one.at):
        found.insert(bisect_right(found, word.at, key=lambda one: one.at), word)
    return tuple(found)


def _led_back(dossier: Dossier) -> Iterator[Moment]:
    """Yield each turn of the way back, and where the case stood between two."""
    for word in led_back(dossier.recoveries, dossier.incident.latest, dossier.keys):
        turn, progress = word.turn, word.recovery.progress
        which = "" if turn is None else f", {turn.event.replace('-', ' ')}"
        yield Moment(
            at=word.time,
            kind="recovery",
            what=f"Recovery{which}: phase {progress.phase}, "
            f"{progress.released / 100:g} % let through again{word.who and f' ({word.who})'}",
            block=progress.block,
            record=word.recovery.id,
        )


def _shown(dossier: Dossier) -> Iterator[Moment]:
    """Yield what the chain shows of brakes and releases, whoever sent it."""
    case = dossier.incident
    for event, shown in course(dossier.shown, case.opened, case.latest)[:MAX_SHOWN]:
        yield Moment(
            at=event.timestamp,
            kind="chain",
            what=f"{_EFFECTS[shown.effect]}: {shown.name} of {event.contract}",
            block=event.block,
            tx=event.tx,
            record=event.id,
            step=shown.effect,
        )


def _said(case: Incident) -> Iterator[Moment]:
    """Yield who took the case in hand, what was proposed about it, and what others answered."""
    hand = case.acknowledged
    if hand is not None and hand.time is not None:
        what = _quoted(f"{hand.by} took the case in hand", hand.words)
        yield Moment(at=hand.time, kind="people", what=what)
    for one in case.decisions[:MAX_DECISIONS]:
        what = _quoted(f"{one.proposer.person} proposed ({one.matter})", one.words)
        yield Moment(at=one.proposer.time, kind="people", what=what, record=one.proposal)
        if one.answerer is not None:
            what = _quoted(f"{one.answerer.person}: {one.state} ({one.matter})", one.answer)
            yield Moment(at=one.answerer.time, kind="people", what=what)


def _quoted(what: str, words: str) -> str:
    return f"{what}: {words}" if words else what


def _preparation(prepared: Iterable[Transaction]) -> Iterator[Moment]:
    for tx in prepared:
        done = "created a contract" if tx.created else "acted, or was paid"
        what = f"The attacker's side {done}"
        yield Moment(at=tx.timestamp, kind="preparation", what=what, block=tx.block, tx=tx.hash)


def _raised(dossier: Dossier) -> Iterator[Moment]:
    """Yield the alerts, in the order of the chain."""
    ordered = sorted(dossier.alerts, key=lambda alert: (alert.block, alert.index))
    for alert in ordered[:MAX_ALERTS]:
        yield Moment(
            at=alert.timestamp,
            kind="alert",
            what=f"Alert: {alert.summary}",
            block=alert.block,
            tx=alert.tx,
            precise=_micro(dossier, alert.id, "scored"),
            record=alert.id,
        )


def _done(dossier: Dossier) -> Iterator[Moment]:
    """Yield what was done. Our clocks and the chain's are not one: a moment stands at the block
    that it belongs to, never before that of its alert."""
    places = {alert.id: (alert.timestamp, alert.block) for alert in dossier.alerts}
    for action in dossier.actions:
        if action.state in _STEPS:
            kind, hop, words = _STEPS[action.state]
            told = action.reason if action.state in DECIDED else action.adapter
            at, block = places.get(action.alert, (dossier.incident.latest, 0))
            yield Moment(
                at=at,
                kind=kind,
                what=f"{words}: {told}",
                block=max(block, action.block or 0) or None,
                tx=action.tx,
                precise=_micro(dossier, action.id, hop),
                record=action.id,
                step=action.state,
            )


def _micro(dossier: Dossier, record: str, hop: Hop) -> int | None:
    passed = dossier.times.get(record, {}).get(hop)
    return None if passed is None else passed // 1000


def _movements(
    way: Iterable[Way], kind_of: Callable[[str], NodeKind], amount: Callable[[str, int], str]
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
