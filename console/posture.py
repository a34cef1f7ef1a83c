"""How each protocol stands, in one word for people who were just woken. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from console.picture import Picture
from schemas.incidents import Incident
from schemas.manifest import Manifest
from schemas.readiness import Readiness

Level = Literal["respond", "detect", "recover", "unready", "unknown", "dry-run", "ready"]

ORDER: tuple[Level, ...] = (
    "respond", "detect", "recover", "unready", "unknown", "dry-run", "ready",
)  # fmt: skip
"""What has to be looked at first comes first."""

WORDS: Mapping[Level, tuple[str, str]] = {
    "respond": ("▲", "Braking"),
    "detect": ("◆", "Alert, not braked"),
    "recover": ("■", "Braked"),
    "unready": ("✕", "Brake not ready"),
    "unknown": ("?", "Nothing known"),
    "dry-run": ("◌", "Dry-run"),
    "ready": ("●", "Ready"),
}
"""A sign and a word for each, so that colour never says anything alone."""

STALE_SECONDS = 120
"""After so long without a word from its responder, a protocol's brakes are not said to be ready."""

SOON_SECONDS = 600
"""Authority that lapses within this is told as a trouble."""


@dataclass(frozen=True, slots=True)
class Posture:
    """One protocol's."""

    protocol: str
    name: str
    level: Level
    cases: tuple[Incident, ...]
    """Those that are not closed, the newest first."""
    readiness: Readiness | None
    troubles: tuple[str, ...]
    depends_on: tuple[str, ...]

    @property
    def sign(self) -> str:
        """A sign for the level."""
        return WORDS[self.level][0]

    @property
    def word(self) -> str:
        """The level in words."""
        return WORDS[self.level][1]


def postures(
    picture: Picture, manifests: Mapping[str, Manifest], heard: Mapping[str, float]
) -> list[Posture]:
    """Return how every protocol stands, the gravest first; `heard` is how many seconds ago each
    one's responder said something."""
    open_cases: dict[str, list[Incident]] = {}
    for case in reversed(picture.cases.values()):
        if case.phase != "closed":
            open_cases.setdefault(case.protocol, []).append(case)
    names = {*manifests, *picture.readiness, *open_cases}
    found = [
        _posture(
            name,
            manifests.get(name),
            picture.readiness.get(name),
            open_cases.get(name, ()),
            heard.get(name),
        )
        for name in names
    ]
    return sorted(found, key=lambda one: (ORDER.index(one.level), one.protocol))


def _posture(
    protocol: str,
    manifest: Manifest | None,
    readiness: Readiness | None,
    cases: Iterable[Incident],
    heard: float | None,
) -> Posture:
    cases = tuple(cases)
    troubles = troubles_of(readiness, heard)
    return Posture(
        protocol=protocol,
        name=(manifest.name if manifest else "") or protocol,
        level=_level(cases, readiness, troubles),
        cases=cases,
        readiness=readiness,
        troubles=troubles,
        depends_on=tuple(one.name for one in manifest.dependencies) if manifest else (),
    )


def _level(
    cases: tuple[Incident, ...], readiness: Readiness | None, troubles: tuple[str, ...]
) -> Level:
    phases = {case.phase for case in cases}
    for phase in ("respond", "detect", "recover"):
        if phase in phases:
            return phase
    if readiness is None:
        return "unknown"
    if not readiness.armed:
        return "dry-run"
    return "unready" if troubles else "ready"


def troubles_of(readiness: Readiness | None, heard: float | None) -> tuple[str, ...]:
    """Say what is wrong with a protocol's brakes."""
    if readiness is None:
        return ()
    found = [f"{one.brake}: {one.trouble}" for one in readiness.brakes if one.trouble]
    if heard is not None and heard > STALE_SECONDS:
        found.append(f"its responder has said nothing for {heard:.0f} seconds")
    until = readiness.authority_until
    if until is not None and readiness.armed:
        left = until - readiness.time
        if left <= 0:
            found.append("the gate's authority has lapsed: it obeys nobody until its Safe arms it")
        elif left < SOON_SECONDS:
            found.append(f"the gate's authority lapses in {left} seconds")
    if readiness.armed and not readiness.brakes_left and readiness.brakes_per_window:
        found.append("no brake is left in this window")
    return tuple(found)
