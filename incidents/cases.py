"""What a record changes about its protocol's cases. Pure: no clock, no IO, no randomness.

Guarantees, for records of one protocol:
- The same record twice changes nothing, except that one left out of a full list is counted again.
- Alerts and actions may interleave in any way as long as each topic keeps its order.
- An alert belongs to the case that has it, else to the case its transaction opened, else to the
  newest case it joins in time (`schemas.cases.joins`), else it opens one.
- An action belongs to the case it names, else to the case of its alert; until there is one it
  waits.
- A recovery belongs to the case it names; until that is there it waits, and an older one changes
  nothing.
- So does what people propose and answer. The first answer that counts ends a proposal, and only a
  second person's counts (`schemas.decisions`).
- So does an acknowledgement, and one for something less grave changes nothing.
- A withdrawn alert that is raised again stands again.
- A finding about a contract is sorted in as an alert is, by the transaction that brought it or else
  by its own id; one that is resolved is marked as a withdrawn alert is.
"""

from msgspec.structs import replace

from incidents.docket import KEPT_CASES, KEPT_SAID, Docket
from incidents.entries import (
    Times,
    graver,
    led,
    measured,
    noticed,
    said,
    seen,
    sighted,
    step_of,
    taken_on,
    unseen,
    waiting_with,
)
from incidents.standing import reassessed
from schemas.actions import Action
from schemas.alerts import SEVERITIES, Alert, Withdrawal
from schemas.assurance import Finding
from schemas.cases import joins
from schemas.decisions import Answer, Proposal
from schemas.ids import incident_id
from schemas.incidents import Acknowledgement, Incident, Recovery

Change = tuple[Docket, Incident | None]
"""The docket afterwards, and the case the record belongs to, changed or not."""


def add_alert(docket: Docket, alert: Alert, times: Times) -> Change:
    """Put an alert into its case, and with it all that waited for it."""
    case = _case_of(docket, alert, alert.tx) or _opened_by(alert, alert.tx)
    return _joined(docket, seen(case, sighted(alert), alert.timestamp, times), alert.id)


def add_finding(docket: Docket, finding: Finding) -> Change:
    """Put a finding into its case; mark it as withdrawn there once it is resolved."""
    if finding.state == "resolved":
        held = _holding(docket, finding.id)
        return (docket, None) if held is None else _filed(docket, unseen(held, finding.id))
    reason = finding.tx or finding.id
    case = _case_of(docket, finding, reason) or _opened_by(finding, reason)
    return _joined(docket, seen(case, noticed(finding), finding.timestamp, {}), finding.id)


def _joined(docket: Docket, case: Incident, sighting: str) -> Change:
    """Give a case all that waited for it, or for this sighting of it."""
    waiting = []
    for step in docket.waiting:
        if step.incident == case.id or step.alert == sighting:
            case = measured(case, step)
        else:
            waiting.append(step)
    for recovery in docket.recoveries:
        if recovery.incident == case.id:
            case = led(case, recovery)
    for statement in docket.said:
        if statement.incident == case.id:
            case = said(case, statement)
    for word in docket.acknowledgements:
        if word.incident == case.id:
            case = taken_on(case, word)
    left = replace(
        docket,
        waiting=tuple(waiting),
        recoveries=tuple(entry for entry in docket.recoveries if entry.incident != case.id),
        said=tuple(entry for entry in docket.said if entry.incident != case.id),
        acknowledgements=tuple(e for e in docket.acknowledgements if e.incident != case.id),
    )
    return _filed(left, case)


def withdraw(docket: Docket, withdrawal: Withdrawal) -> Change:
    """Mark an alert as withdrawn in the case that has it."""
    case = _holding(docket, withdrawal.alert)
    return (docket, None) if case is None else _filed(docket, unseen(case, withdrawal.alert))


def add_action(docket: Docket, action: Action, times: Times) -> Change:
    """Put a step of a brake into its case, or let it wait for one."""
    step = step_of(action, times)
    case = _named(docket, action.incident) or _holding(docket, action.alert)
    if case is None:
        return replace(docket, waiting=waiting_with(docket.waiting, step)), None
    return _filed(docket, measured(case, step))


def add_recovery(docket: Docket, recovery: Recovery) -> Change:
    """Note how far people have led a case back, or let it wait for one."""
    case = _named(docket, recovery.incident)
    if case is not None:
        return _filed(docket, led(case, recovery))
    known = {entry.incident: entry for entry in docket.recoveries}
    before = known.get(recovery.incident)
    if before is None or before.progress.number < recovery.progress.number:
        known[recovery.incident] = replace(recovery, checklist=None)
    return replace(docket, recoveries=tuple(known.values())[-KEPT_CASES:]), None


def add_statement(docket: Docket, statement: Proposal | Answer) -> Change:
    """Note what people propose about a case, or answer, or let it wait for the case."""
    case = _named(docket, statement.incident)
    if case is not None:
        return _filed(docket, said(case, statement))
    if isinstance(statement, Proposal):
        statement = replace(statement, calls=())  # a case says nothing of them
    waiting = (*(one for one in docket.said if one.id != statement.id), statement)
    return replace(docket, said=waiting[-KEPT_SAID:]), None


def acknowledge(docket: Docket, word: Acknowledgement) -> Change:
    """Note who has a case in hand, or let that wait for the case."""
    case = _named(docket, word.incident)
    if case is not None:
        return _filed(docket, taken_on(case, word))
    known = {entry.incident: entry for entry in docket.acknowledgements}
    if graver(word, known.get(word.incident)):
        known[word.incident] = word
    return replace(docket, acknowledgements=tuple(known.values())[-KEPT_CASES:]), None


def _case_of(docket: Docket, record: Alert | Finding, tx: str) -> Incident | None:
    """Return the case that an alert or a finding belongs to, None when it opens one."""
    joined = (
        case
        for case in reversed(docket.cases)
        if case.chain == record.chain and joins(case.latest, record.timestamp)
    )
    return (
        _holding(docket, record.id)
        or _named(docket, incident_id(record.chain, record.protocol, tx))
        or next(joined, None)
    )


def _holding(docket: Docket, alert: str) -> Incident | None:
    for case in docket.cases:
        if any(sighting.alert == alert for sighting in case.sightings):
            return case
    return None


def _named(docket: Docket, incident: str) -> Incident | None:
    return next((case for case in docket.cases if case.id == incident), None)


def _opened_by(alert: Alert | Finding, tx: str) -> Incident:
    return Incident(
        id=incident_id(alert.chain, alert.protocol, tx),
        chain=alert.chain,
        protocol=alert.protocol,
        phase="detect",
        severity=SEVERITIES[0],
        summary=alert.summary,
        opened=alert.timestamp,
        latest=alert.timestamp,
        sightings=(),
    )


def _filed(docket: Docket, case: Incident) -> Change:
    case = reassessed(case)
    cases = [other for other in docket.cases if other.id != case.id]
    cases.append(case)
    cases.sort(key=lambda case: (case.latest, case.id))
    return replace(docket, cases=tuple(cases[-KEPT_CASES:])), case
