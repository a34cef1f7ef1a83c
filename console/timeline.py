"""A case as a story: every line with its time, its words and the record that says so. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from console.picture import Asked, Picture, Seen, Step, Told
from schemas.assurance import Finding
from schemas.brake_events import course
from schemas.chain import Event
from schemas.headers import HOPS
from schemas.incidents import Acknowledgement, Incident, Recovery
from schemas.turns import led_back

Kind = Literal[
    "alert", "withdrawal", "finding", "brake", "acknowledgement", "proposal", "answer", "recovery",
    "chain",
]  # fmt: skip

SIGNS: dict[Kind, str] = {
    "alert": "◆", "withdrawal": "◇", "finding": "⚑", "brake": "■", "acknowledgement": "☎",
    "proposal": "✎", "answer": "✓", "recovery": "↺", "chain": "⛓",
}  # fmt: skip

STATES = {
    "proposed": "Brake proposed",
    "refused": "Brake refused",
    "rehearsed": "Brake rehearsed, nothing sent (dry-run)",
    "authorised": "Brake authorised",
    "drafted": "Proposal to the Safe signed",
    "submitted": "Brake before the Safe's owners",
    "nonce-reserved": "Nonce reserved",
    "signed": "Brake signed",
    "broadcast": "Brake sent",
    "included": "Brake mined",
    "final": "Brake final",
    "reorged": "Brake's block left the chain",
    "satisfied": "Braked already",
    "failed": "Brake failed",
}
"""The states of `schemas.actions`, in words; one that is not here is shown as it is."""

MATTERS = {
    "attack": "that this is an attack",
    "false-alarm": "that this is a false alarm",
    "brake": "that people pull a brake",
    "release": "that people release the brake",
}
"""What a proposal is about, after "proposes"."""

TURNS = {
    "opened": "The way back is opened",
    "cause-recorded": "Root cause recorded",
    "staged": "Step put before the signers",
    "approved": "Agreement to the step",
    "carried-out": "Step carried out",
    "elapsed": "Brake lapsed",
    "braked-again": "Braked again",
}
"""The turns of `schemas.incidents.Turn`, in words; one that is not here is shown as it is."""

SHOWN = {"braked": "Braked", "released": "Released", "reset": "Limits set"}

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened."""

    kind: Kind
    time: float
    """In seconds since 1970, by our services' clocks where they measured it, else the block's."""
    title: str
    text: str
    record: str
    """The id of the record."""
    who: str = ""

    @property
    def sign(self) -> str:
        """A sign for its kind."""
        return SIGNS[self.kind]


def lines_of(case: Incident, picture: Picture) -> list[Line]:
    """Return the story of a case, the newest line last; of very many the newest."""
    sightings = (picture.alerts.get(one.alert) for one in case.sightings)
    known = picture.around.findings
    found = [
        *_findings(known[one.alert] for one in case.sightings if one.alert in known),
        *_acknowledgements(picture.acknowledged.get(case.id, ()), case),
        *_alerts(seen for seen in sightings if seen is not None),
        *_brakes(picture.steps_of(case), case.latest),
        *_statements(picture.proposals_of(case.id)),
        *_turns(picture.turns.get(case.id, ()), case),
        *_recovery(picture.recoveries.get(case.id), case),
        *_shown(picture.shown.get(case.protocol, ()), case),
    ]
    found.sort(key=lambda line: line.time)
    return found[-MOST_LINES:]


def _alerts(seen: Iterable[Seen]) -> Iterator[Line]:
    for one in seen:
        alert = one.alert
        scored = one.times.get("scored", 0) / 1e9 or alert.timestamp
        yield Line("alert", scored, f"Alert, {alert.severity}", alert.summary, alert.id)
        if one.withdrawn:
            yield Line("withdrawal", scored, "Alert withdrawn", one.withdrawn, one.withdrawal)


def _findings(findings: Iterable[Finding]) -> Iterator[Line]:
    for one in findings:
        title = f"Weakness found, {one.severity}"
        if one.state == "resolved":
            title = "Weakness not there any more"
        yield Line("finding", one.timestamp, title, one.summary, one.id)


def _acknowledgements(words: Iterable[Acknowledgement], case: Incident) -> Iterator[Line]:
    for one in words:
        time = case.latest if one.said is None else one.said.time
        title = f"Has it in hand, {one.severity}"
        yield Line("acknowledgement", time, title, one.words, one.id, one.by)


def _brakes(brakes: Iterable[list[Step]], latest: int) -> Iterator[Line]:
    for steps in brakes:
        time, told = 0.0, ""
        for step in steps:
            action = step.action
            passed = [step.times[hop] for hop in HOPS if hop in step.times]
            # A step without a time of its own follows the one before it.
            time = max(time, max(passed, default=0) / 1e9) or float(latest)
            title = STATES.get(action.state, action.state)
            news = action.reason if action.reason != told else ""
            told = action.reason
            yield Line("brake", time, title, news, action.id)


def _statements(asked: Iterable[Asked]) -> Iterator[Line]:
    for one in asked:
        proposal = one.proposal
        title = f"Proposes {MATTERS.get(proposal.matter, proposal.matter)}"
        yield Line(
            "proposal", proposal.by.time, title, proposal.words, proposal.id, proposal.by.person
        )
        for answer in one.answers:
            counted = one.decision.answerer == answer.by
            verb = "Approves" if answer.verdict == "approve" else "Vetoes"
            title = verb if counted else f"{verb}, which counts for nothing"
            yield Line("answer", answer.by.time, title, answer.words, answer.id, answer.by.person)


def _turns(told: Iterable[Told], case: Incident) -> Iterator[Line]:
    told = list(told)
    keys = {one.recovery.id: one.by for one in told}
    for recovery, turn, time, who in led_back((one.recovery for one in told), case.latest, keys):
        if turn is None:
            continue
        title = f"Recovery: {TURNS.get(turn.event, turn.event)}"
        text = f"{recovery.progress.phase}, {_standing(recovery)}"
        if turn.proposal:
            text += f". Step {turn.proposal[:18]}…"
        yield Line("recovery", time, title, text, recovery.id, who)


def _standing(recovery: Recovery) -> str:
    progress = recovery.progress
    text = f"{progress.released / 100:g} % released, judged up to block {progress.block}"
    return f"{text}. Cause: {progress.cause}" if progress.cause else text


def _shown(events: Iterable[Event], case: Incident) -> Iterator[Line]:
    for event, shown in course(events, case.opened, case.latest):
        title = f"{SHOWN[shown.effect]} on chain: {shown.name}"
        text = f"{event.contract} in block {event.block}, transaction {event.tx}"
        yield Line("chain", event.timestamp, title, text, event.id)


def _recovery(recovery: Recovery | None, case: Incident) -> Iterator[Line]:
    """Yield where the case stands, where that was told between two turns."""
    if recovery is None or recovery.turn is not None:
        return
    progress, text = recovery.progress, _standing(recovery)
    time = max(case.latest, *(hop / 1e6 for hop in case.hops.values()), 0) + 1
    yield Line("recovery", time, f"Recovery: {progress.phase}", text, recovery.id)
