"""How a case's lists take in a sighting or a measure: once each, bounded, the latest step only."""

from msgspec.structs import replace

from incidents.docket import (
    KEPT_DECISIONS,
    KEPT_MEASURES,
    KEPT_SIGHTINGS,
    KEPT_WAITING,
    Waiting,
)
from incidents.standing import chronological, gravest_first
from schemas.actions import Action
from schemas.alerts import SEVERITIES, Alert
from schemas.assurance import Finding
from schemas.decisions import Answer, Proposal, answered, proposed
from schemas.headers import HOPS
from schemas.incidents import (
    Acknowledged,
    Acknowledgement,
    Hop,
    Incident,
    Measure,
    Recovery,
    Sighting,
)
from schemas.units import SAFE_INTEGER

Times = dict[Hop, int]
"""When a record's origin passed each hop, in nanoseconds since 1970, as its headers say."""

FOUND = "assurance"
"""The set of what was found in code, where others name the detectors that saw it."""

_ALERT_HOPS: tuple[Hop, ...] = ("received", "published", "scored")
_ACTION_HOPS: tuple[Hop, ...] = ("decided", "sent", "mined")


def sighted(alert: Alert) -> Sighting:
    """Return an alert as a case keeps it."""
    return Sighting(
        alert=alert.id,
        set=alert.set,
        tx=alert.tx,
        block=alert.block,
        score=alert.score,
        severity=alert.severity,
        summary=alert.summary,
        technique=next((v.technique for v in alert.votes if v.alerted and v.technique), ""),
        losing=alert.losing,
    )


def noticed(finding: Finding) -> Sighting:
    """Return a finding as a case keeps it: it has no score, and its set is `FOUND`."""
    return Sighting(
        alert=finding.id,
        set=FOUND,
        tx=finding.tx,
        block=finding.block,
        score=0.0,
        severity=finding.severity,
        summary=finding.summary,
    )


def seen(case: Incident, sighting: Sighting, timestamp: int, times: Times) -> Incident:
    """Add an alert or a finding; of too many the gravest are kept."""
    known = {known.alert: known for known in case.sightings} | {sighting.alert: sighting}
    kept = sorted(known.values(), key=gravest_first)[:KEPT_SIGHTINGS]
    return replace(
        case,
        opened=min(case.opened, timestamp),
        latest=max(case.latest, timestamp),
        sightings=tuple(sorted(kept, key=chronological)),
        hops=_earliest(case.hops, _only(times, _ALERT_HOPS)),
        dropped=case.dropped + len(known) - len(kept),
    )


def unseen(case: Incident, alert: str) -> Incident:
    """Mark an alert as withdrawn."""
    return replace(
        case,
        sightings=tuple(
            replace(sighting, withdrawn=True) if sighting.alert == alert else sighting
            for sighting in case.sightings
        ),
    )


def step_of(action: Action, times: Times) -> Waiting:
    """Return what a case keeps of a step, and what it takes to find that case."""
    return Waiting(
        incident=action.incident,
        alert=action.alert,
        measure=Measure(
            action=action.action,
            step=action.step,
            state=action.state,
            adapter=action.adapter,
            target=action.target,
            reason=action.reason,
            tx=action.tx,
            block=action.block,
        ),
        hops=_only(times, _ACTION_HOPS),
    )


def measured(case: Incident, step: Waiting) -> Incident:
    """Add a measure, or move one on to a later step; of too many the first are kept."""
    known = {measure.action: measure for measure in case.measures}
    before = known.get(step.measure.action)
    full = before is None and len(known) == KEPT_MEASURES
    if not full:
        known[step.measure.action] = _later(before, step.measure)
    return replace(
        case,
        measures=tuple(known.values()),
        hops=_earliest(case.hops, step.hops),
        dropped=case.dropped + full,
    )


def led(case: Incident, recovery: Recovery) -> Incident:
    """Note how far people have led a case back; an older record changes nothing."""
    before = case.progress
    if before is not None and before.number >= recovery.progress.number:
        return case
    return replace(case, progress=recovery.progress)


def said(case: Incident, statement: Proposal | Answer) -> Incident:
    """Note what people propose, once, or answer; of too many the newest are kept, and every one
    that is open before any that is not."""
    known = {one.proposal: one for one in case.decisions}
    if isinstance(statement, Answer):
        asked = known.get(statement.proposal)
        if asked is not None:
            known[asked.proposal] = answered(asked, statement)
    elif statement.id not in known:
        known[statement.id] = proposed(statement)
    kept = list(known.values())
    if len(kept) > KEPT_DECISIONS:
        kept.remove(next((one for one in kept if one.state != "open"), kept[0]))
    return replace(case, decisions=tuple(kept))


def taken_on(case: Incident, word: Acknowledgement) -> Incident:
    """Note who has a case in hand; who said so first stays, unless it was for something less."""
    if not graver(word, case.acknowledged):
        return case
    time = None if word.said is None else word.said.time
    said = Acknowledged(by=word.by, severity=word.severity, words=word.words, time=time)
    return replace(case, acknowledged=said)


def graver(word: Acknowledgement, before: Acknowledgement | Acknowledged | None) -> bool:
    """Say whether an acknowledgement is for more than the one before it."""
    return before is None or SEVERITIES.index(word.severity) > SEVERITIES.index(before.severity)


def waiting_with(waiting: tuple[Waiting, ...], step: Waiting) -> tuple[Waiting, ...]:
    """Add a step that has no case yet; of too many actions the newest are kept."""
    known = {entry.measure.action: entry for entry in waiting}
    before = known.get(step.measure.action)
    if before is not None:
        measure = _later(before.measure, step.measure)
        step = replace(before, measure=measure, hops=_earliest(before.hops, step.hops))
    known[step.measure.action] = step
    return tuple(known.values())[-KEPT_WAITING:]


def _later(before: Measure | None, measure: Measure) -> Measure:
    return before if before is not None and before.step >= measure.step else measure


def _only(times: Times, hops: tuple[Hop, ...]) -> dict[str, int]:
    """Return the times of these hops in microseconds; a clock far off the mark is not believed."""
    passed = {hop: times[hop] // 1000 for hop in hops if hop in times}
    return {hop: time for hop, time in passed.items() if time <= SAFE_INTEGER}


def _earliest(known: dict[str, int], times: dict[str, int]) -> dict[str, int]:
    """Return for each hop the first time it was passed."""
    return {
        hop: min(found)
        for hop in HOPS
        if (found := [passed[hop] for passed in (known, times) if hop in passed])
    }
