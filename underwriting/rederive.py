"""Compute a record's figures again from the record alone, and hold its evidence against the topics.
Pure, but for what it is handed to read with."""

from collections.abc import Callable, Iterator
from math import isclose

from schemas.alerts import Alert
from schemas.base import Record
from schemas.incidents import Incident
from schemas.risk import Evidence, Risk, Source
from underwriting.assessment import assess
from underwriting.model import Model
from underwriting.rounds import name_of

_ROUNDING = 1e-9
"""Relative; another language may add in another order."""

Read = Callable[[Source], Record | None]
"""Returns what lies there, None where the topic does not keep it any more."""


def differences(risk: Risk, model: Model) -> list[str]:
    """Say what in a record does not follow from its own inputs; nothing when it is right."""
    if risk.model != model.name:
        return [f"computed with parameters {risk.model[:12]}, these are {model.name[:12]}"]
    again = assess(risk.inputs, risk.at, model)
    told = {figure.name: figure for figure in risk.figures}
    found = [f"{name}: not among the figures" for name in told.keys() - _names(again.figures)]
    for figure in again.figures:
        said = told.get(figure.name)
        if said is None or said.unit != figure.unit:
            found.append(f"{figure.name}: not said in {figure.unit}")
            continue
        found += [
            f"{figure.name}.{part}: says {getattr(said, part)!r}, is {getattr(figure, part)!r}"
            for part in ("value", "low", "high")
            if not isclose(getattr(said, part), getattr(figure, part), rel_tol=_ROUNDING)
        ]
    if risk.reasons != again.reasons:
        found.append("reasons: not those that the figures have")
    if risk.id != name_of(risk.chain, risk.protocol, risk.block_hash):
        found.append("id: not the name of this protocol and block")
    return found


def unfounded(risk: Risk, read: Read) -> list[str]:
    """Say what of a record's evidence is not what its topics hold."""
    found = []
    for evidence in risk.inputs.evidence:
        record = read(evidence.source)
        if record is None:
            found.append(f"{_place(evidence.source)}: not kept any more")
        elif not isinstance(record, Alert):
            found.append(f"{_place(evidence.source)}: no alert")
        else:
            found += [f"{_place(evidence.source)}: {what}" for what in _untrue(evidence, record)]
    case = risk.inputs.case
    if case is not None:
        record = read(case)
        # cases are compacted: an older state of one may be gone, which is no fault
        if record is not None and not (isinstance(record, Incident) and record.id == case.record):
            found.append(f"{_place(case)}: not the case that is named")
    return found


def _untrue(evidence: Evidence, alert: Alert) -> Iterator[str]:
    odds = alert.posture.odds if alert.posture is not None else 1.0
    for what, said, true in (
        ("id", evidence.source.record, alert.id),
        ("p-value", evidence.p_value, alert.p_value),
        ("time", evidence.at, alert.timestamp),
        ("posture", evidence.posture_odds, odds),
    ):
        if said != true:
            yield f"{what} {true}, the record says {said}"


def _names(figures: tuple[object, ...]) -> set[str]:
    return {str(getattr(figure, "name", "")) for figure in figures}


def _place(source: Source) -> str:
    return f"{source.topic}[{source.partition}] offset {source.offset}"
