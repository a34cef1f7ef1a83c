"""Where a case stands, told from nothing but its alerts and its brakes."""

from collections.abc import Iterable
from typing import get_args

from msgspec.structs import replace

from schemas.alerts import Severity
from schemas.incidents import Incident, Measure, Phase, Sighting

SEVERITIES: tuple[Severity, ...] = get_args(Severity)

_UNTOUCHED = frozenset({"proposed", "refused", "rehearsed"})
_HOLDING = frozenset({"final", "satisfied"})
_FAILED = "failed"


def chronological(sighting: Sighting) -> tuple[int, str]:
    """Order sightings as a reader expects them, whatever order they arrived in."""
    return sighting.block, sighting.alert


def gravest_first(sighting: Sighting) -> tuple[int, float, int, str]:
    """Order sightings by severity, then by score, then by time."""
    severity = SEVERITIES.index(sighting.severity)
    return -severity, -sighting.score, *chronological(sighting)


def reassessed(case: Incident) -> Incident:
    """Return the case with phase, severity and summary as its sightings and measures have them.

    Severity and summary are those of the gravest sighting that was not withdrawn; a case without
    any is "low" and keeps the summary of the gravest that was.
    """
    standing = [sighting for sighting in case.sightings if not sighting.withdrawn]
    gravest = min(standing or case.sightings, key=gravest_first)
    return replace(
        case,
        phase=_phase(case.measures, quiet=not standing and not case.dropped),
        severity=gravest.severity if standing else SEVERITIES[0],
        summary=gravest.summary,
    )


def _phase(measures: Iterable[Measure], *, quiet: bool) -> Phase:
    """Respond while a brake is under way, recover once one holds.

    A case is closed when every alert was withdrawn and no brake was left on the chain: a brake that
    holds has to be lifted by people, whatever became of the alert. A brake that failed leaves the
    response to them.
    """
    states = {measure.state for measure in measures} - _UNTOUCHED
    if states - _HOLDING - {_FAILED}:
        return "respond"
    if states & _HOLDING:
        return "recover"
    if quiet:
        return "closed"
    return "respond" if states else "detect"
