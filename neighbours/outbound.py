"""Which of our cases neighbours are told of, and when again. Pure.

One matter is one signal id, named by our case: it is told once the case is grave and sure enough,
again when it turns out graver or surer, again before it would expire while the case goes on, and
taken back when every alert of it was withdrawn. What happens in between is coalesced.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from schemas.alerts import SEVERITIES, Severity
from schemas.ids import content_id
from schemas.incidents import Incident, Phase, Sighting
from schemas.signals import WHOLE
from schemas.units import Seconds, account

CONFIDENCE: dict[Phase, int] = {
    "detect": 3_000,
    "respond": 7_000,
    "recover": 9_000,
    "closed": 9_000,
}
"""In basis points, by how far a case has come: alerts alone, a brake that was worth its cost, a
brake that holds. One that people closed is not told again. Judged, not measured; an issuer's
reputation corrects what it is worth."""

CONFIRMED = WHOLE
"""Once people have recorded a cause."""

UNKNOWN_TECHNIQUE = "ADT3012"
"""Exploitation of a contract, where no detector names anything narrower."""

RENEW_AT = 0.5
"""The share of its lifetime that a signal has left when it is told again."""

AGAIN_AFTER = 60
"""Seconds between two signals on one matter, unless it became graver."""

_REACHED: dict[str, frozenset[Phase]] = {
    "detect": frozenset({"detect", "respond", "recover"}),
    "respond": frozenset({"respond", "recover"}),
    "recover": frozenset({"recover"}),
    "confirmed": frozenset({"respond", "recover"}),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said, before it has a sequence and a signature."""

    id: str
    target: str
    technique: str
    severity: Severity
    confidence: int
    evidence_root: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said last of one matter."""

    severity: Severity
    confidence: int
    expiry: Seconds


@dataclass(frozen=True, slots=True)
class Rules:
    """What is told."""

    least: Severity
    after: Literal["detect", "respond", "recover", "confirmed"]
    lifetime: Seconds


def matter(issuer: str, incident: str) -> str:
    """Name what an issuer warns of, so that only it and who knows the case can tell which it is."""
    return content_id("signal", issuer, incident)


def draft(case: Incident, issuer: str, ours: Sequence[str]) -> Draft:
    """Return what there is to say of a case; `ours` are the protocol's accounts (CAIP-10), the only
    ones that are warned of: the first where a case names none of them."""
    standing = [one for one in case.sightings if not one.withdrawn]
    gravest = max(standing or case.sightings, key=_gravity, default=None)
    technique = gravest.technique if gravest is not None else ""
    return Draft(
        id=matter(issuer, case.id),
        target=_target(case, standing, ours),
        technique=technique or UNKNOWN_TECHNIQUE,
        severity=case.severity,
        confidence=_confidence(case, standing=bool(standing) or case.dropped > 0),
        evidence_root=evidence_root(case),
    )


def due(told: Draft, case: Incident, said: Said | None, rules: Rules, now: Seconds) -> bool:
    """Say whether it is time to tell it."""
    if said is not None and said.confidence and not told.confidence:
        return now < said.expiry
    grave = SEVERITIES.index(told.severity) >= SEVERITIES.index(rules.least)
    sure = told.confidence >= (CONFIRMED if rules.after == "confirmed" else 1)
    if not (sure and grave and case.phase in _REACHED[rules.after]):
        return False
    if case.latest + rules.lifetime <= now:
        return False  # a case of long ago, read again
    if said is None or now >= said.expiry:
        return True
    if SEVERITIES.index(told.severity) > SEVERITIES.index(said.severity):
        return True
    surer = told.confidence > said.confidence
    late = said.expiry - now <= rules.lifetime * RENEW_AT
    return (surer or late) and now >= said.expiry - rules.lifetime + AGAIN_AFTER


def evidence_root(case: Incident) -> str:
    """Return a hash of the alerts and transactions of a case: who is shown them later can tell that
    they were known when the signal was signed."""
    named = sorted({part for one in case.sightings for part in (one.alert, one.tx)})
    return "0x" + content_id("evidence", case.id, *named)


def _target(case: Incident, standing: list[Sighting], ours: Sequence[str]) -> str:
    gravest_first = sorted(standing, key=_gravity, reverse=True)
    named = [account(case.chain, lost) for one in gravest_first for lost in one.losing]
    named += [measure.target for measure in case.measures]
    return next((one for one in named if one in ours), ours[0])


def _confidence(case: Incident, *, standing: bool) -> int:
    if not standing:
        return 0
    if case.progress is not None and case.progress.cause:
        return CONFIRMED
    return CONFIDENCE[case.phase]


def _gravity(one: Sighting) -> tuple[int, float, str]:
    return SEVERITIES.index(one.severity), one.score, one.alert
