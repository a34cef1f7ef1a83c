"""Where a case stands, told from its alerts, its brakes and what people say."""

from collections.abc import Iterable

from msgspec.structs import replace

from schemas.alerts import SEVERITIES
from schemas.decisions import dismissed
from schemas.incidents import Incident, Measure, Phase, Sighting
from schemas.units import Height

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
        phase=_phase(case, quiet=(not standing and not case.dropped) or dismissed(case.decisions)),
        severity=gravest.severity if standing else SEVERITIES[0],
        summary=gravest.summary,
    )


def _phase(case: Incident, *, quiet: bool) -> Phase:
    """Respond while a brake is under way, recover once one holds; then what people say, unless a
    brake was mined after the newest block that they judged.

    A case is closed when every alert was withdrawn, or two people took it for a false alarm, and no
    brake was left on the chain: a brake that holds has to be lifted by people, whatever became of
    the alert. A brake that failed leaves the response to them.
    """
    states = {measure.state for measure in case.measures} - _UNTOUCHED
    if states - _HOLDING - {_FAILED}:
        return "respond"
    if case.progress is not None and not _since(case.measures, case.progress.block):
        return case.progress.phase
    if states & _HOLDING:
        return "recover"
    if quiet:
        return "closed"
    return "respond" if states else "detect"


def _since(measures: Iterable[Measure], block: Height) -> bool:
    return any(one.state in _HOLDING and (one.block or 0) > block for one in measures)
