"""A case as a story: every line with its time, its words and the record that says so. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from console.picture import Asked, Picture, Seen, Step
from schemas.assurance import Finding
from schemas.headers import HOPS
from schemas.incidents import Acknowledgement, Incident, Recovery

Kind = Literal[
    "alert", "withdrawal", "finding", "brake", "acknowledgement", "proposal", "answer", "recovery",
]  # fmt: skip

SIGNS: dict[Kind, str] = {
    "alert": "◆", "withdrawal": "◇", "finding": "⚑", "brake": "■", "acknowledgement": "☎",
    "proposal": "✎", "answer": "✓", "recovery": "↺",
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
        *_recovery(picture.recoveries.get(case.id), case),
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


def _recovery(recovery: Recovery | None, case: Incident) -> Iterator[Line]:
    if recovery is None:
        return
    progress = recovery.progress
    text = f"{progress.released / 100:g} % released, judged up to block {progress.block}"
    if progress.cause:
        text += f". Cause: {progress.cause}"
    time = max(case.latest, *(hop / 1e6 for hop in case.hops.values()), 0) + 1
    yield Line("recovery", time, f"Recovery: {progress.phase}", text, recovery.id)
