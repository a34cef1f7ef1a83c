"""What was done, as a CACAO 2.0 playbook: the course of this response, for others to learn from.

Steps are manual commands: a playbook that pulls a brake by itself would be a second way to brake.
The same evidence gives the same playbook. The specification is OASIS CACAO Security Playbooks
Version 2.0, Committee Specification 01 (27 November 2023).
"""

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import rfc8785

from forensics.cases.analysis import Analysis, Moment
from forensics.cases.custody import Custody
from forensics.cases.report.words import day_time
from runtime.pictures.words import plain
from schemas.fundflow import NodeKind
from schemas.ids import content_id

_SPACE = uuid.UUID("aa7caf3a-d55a-4e9a-b34e-056215fba56a")
"""The namespace that the specification gives for a playbook's id made of content (10.10)."""

_SEVERITIES = {"low": 25, "medium": 50, "high": 75, "critical": 100}

_TO_TELL: dict[NodeKind, str] = {
    "mixer": "Note that funds reached a mixer",
    "bridge": "Notify the bridge",
    "exchange": "Notify the exchange",
}
_MOST_TOLD = 20
_MOST_TURNS = 200
"""Words of people and turns of a recovery that a playbook names, the first ones."""

_ACTIVITIES = {
    "match-indicator": "detection",
    "eliminate-risk": "mitigation",
    "identify-indicators": "investigation",
    "restore-capabilities": "remediation",
}
"""The activity that makes a playbook one of a type (3.1.2): it has to have a step of each that it
lists, and a type only with its activity."""


class Step(NamedTuple):
    """A step of the workflow."""

    who: str
    """`responder` or `people`."""
    name: str
    about: str
    command: str
    activity: str = ""
    """What of `_ACTIVITIES` it is, if any."""


def playbook(analysis: Analysis, custody: Custody) -> dict[str, Any]:
    """Return the playbook of an incident, as JSON has it."""
    seed = analysis.incident
    people, machine = _id("organization", seed, "people"), _id("organization", seed, "responder")
    agents = {"people": people, "responder": machine}
    steps = list(_steps(analysis, custody))
    names = [_id("action", seed, str(number)) for number in range(len(steps))]
    start, end = _id("start", seed), _id("end", seed)
    workflow: dict[str, Any] = {start: {"type": "start", "on_completion": names[0]}}
    for place, step in enumerate(steps):
        workflow[names[place]] = {
            "type": "action",
            "name": step.name,
            "description": step.about,
            "on_completion": names[place + 1] if place + 1 < len(names) else end,
            "commands": [{"type": "manual", "command": step.command}],
            "agent": agents[step.who],
        }
    workflow[end] = {"type": "end"}
    activities = list(dict.fromkeys(step.activity for step in steps if step.activity))
    named = {
        "name": f"Response to an attack on {plain(analysis.name, 100)} (incident {seed[:16]})",
        "playbook_types": [_ACTIVITIES[activity] for activity in activities],
    }
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": f"playbook--{uuid.uuid5(_SPACE, rfc8785.dumps(named).decode())}",
        **named,
        "playbook_activities": activities,
        "description": plain(analysis.summary, 500),
        "created_by": _id("identity", "firebreak"),
        "created": custody.ended,
        "modified": custody.ended,
        "severity": _SEVERITIES[analysis.severity],
        "labels": [*analysis.techniques, analysis.chain],
        "external_references": [
            {"name": "Firebreak incident", "description": f"incident {analysis.incident}"}
        ],
        "workflow_start": start,
        "workflow": workflow,
        "agent_definitions": {
            people: {"type": "organization", "name": "People on call"},
            machine: {"type": "organization", "name": "Firebreak's services"},
        },
    }


def _steps(analysis: Analysis, custody: Custody) -> Iterator[Step]:
    yield Step(
        "responder",
        "Raise the alert",
        plain(analysis.summary, 500),
        f"Watch {analysis.protocol} on {analysis.chain}; transaction {analysis.anchor} alerted",
        "match-indicator",
    )
    for brake in analysis.brakes:
        about = plain(brake.reason, 400)
        yield Step(
            "responder",
            f"Decide on {brake.adapter} ({brake.scope})",
            about,
            f"Weigh the loss to be avoided against the cost of halting {brake.target}",
        )
        if brake.tx:
            where = f", mined in block {brake.block}" if brake.block is not None else ""
            yield Step(
                "responder",
                f"Pull {brake.adapter} ({brake.scope})",
                f"{about} Outcome: {brake.state}{where}",
                f"Brake {brake.target} in transaction {brake.tx}",
                "eliminate-risk",
            )
    yield Step(
        "people",
        "Keep the evidence and name the accounts behind it",
        plain(custody.why, 400),
        f"firebreak case collect {analysis.incident[:16]}",
        "identify-indicators",
    )
    for node in [one for one in analysis.flow.nodes if one.kind in _TO_TELL][:_MOST_TOLD]:
        yield Step(
            "people",
            _TO_TELL[node.kind],
            f"Stolen funds arrived at {node.address}",
            f"Show whoever runs {plain(node.label, 80) or node.address} the way of the funds",
        )
    yield from _led_back(analysis.moments)


def _led_back(moments: Sequence[Moment]) -> Iterator[Step]:
    """Yield what people said and did, in the order of the timeline: who took the case in hand, what
    was proposed and answered, each turn of the recovery. Where none is told, nothing is made up."""
    told = [moment for moment in moments if moment.kind in ("people", "recovery")]
    for moment in told[:_MOST_TURNS]:
        back = moment.kind == "recovery"
        where = f" in block {moment.block}" if moment.block is not None else ""
        yield Step(
            "people",
            "A turn on the way back" if back else "A word of the people",
            f"By the timeline at {day_time(moment.at)} UTC{where}",
            plain(moment.what, 400),
            "restore-capabilities" if back else "",
        )
    if len(told) > _MOST_TURNS:
        more = f"{len(told) - _MOST_TURNS:,} more words and turns"
        yield Step("people", "What is not told one by one", "By the timeline", more)


def _id(kind: str, *parts: str) -> str:
    """Return an id in the form of a random one (version 4), as steps must have, though it is the
    same every time: its bits are a digest's."""
    return f"{kind}--{uuid.UUID(content_id(kind, *parts)[:32], version=4)}"
