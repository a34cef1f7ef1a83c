"""When a protocol's figures are worth another record: a deviation, another standing, a heartbeat.
Pure."""

from dataclasses import dataclass

from schemas.ids import content_id
from schemas.risk import Figure, Risk, Standing
from underwriting.assessment import Assessment

_WATCHED = ("probability", "exposure", "expected_loss", "cover_rate", "mal_consumed")
"""Figures whose deviation publishes; the others follow from them."""

_NOTHING = 1e-9
"""Below this a figure is nothing, and a change of it no deviation."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How far a figure may move, relatively, and how long a record may stand, in seconds."""

    deviation: float
    heartbeat: int


def due(before: Risk | None, now: Assessment, at: int, standing: Standing, rhythm: Rhythm) -> str:
    """Say why another record is due; '' when none is.

    Time never runs backwards: as of a block older than the last record's nothing is due.
    """
    if before is None:
        return "first"
    if at <= before.at:
        return ""
    if standing != before.inputs.standing:
        return "standing"
    old = {figure.name: figure for figure in before.figures}
    for figure in now.figures:
        if figure.name in _WATCHED and _moved(old.get(figure.name), figure) > rhythm.deviation:
            return f"deviation of {figure.name}"
    return "heartbeat" if at - before.at >= rhythm.heartbeat else ""


def _moved(before: Figure | None, now: Figure) -> float:
    old = before.value if before is not None else 0.0
    largest = max(old, now.value)
    return abs(now.value - old) / largest if largest > _NOTHING else 0.0


def name_of(chain: str, protocol: str, block_hash: str) -> str:
    """Return a record's id."""
    return content_id("risk", chain, protocol, block_hash)
