"""A detector under guard: its failure is its own.

Whatever a detector raises or returns, the set goes on: the failure is recorded and the transaction
has no opinion from this detector. `Guarded` is for the detectors that ship with Firebreak, in this
process. It asks them every time: one that could be silenced by a few transactions on which it
stumbles could be silenced by anybody who finds such a transaction. Strangers are guarded by
`detectors.strangers`, which does switch them off, because their failures can cost time.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from detectors.api import Detector, Explanation, Features, Scope, Spec, State, Unlearned
from schemas.chain import Transaction
from schemas.errors import ConfigurationError

TECHNIQUE = re.compile(r"^ADT[0-9]{4}(\.[0-9]{3})?\Z")
KIND = re.compile(r"[a-z]{1,32}")
VERSION = re.compile(r"^[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}\Z")

MAX_NAME = 128
"""Characters in a feature's name."""

_FLOATS = {float}

MAX_FAULTS = 16
"""Failures that are told between two looks; what came beyond is only counted."""


class Guard(Protocol):
    """What the host asks; none of it raises."""

    name: str
    spec: Spec
    ours: bool
    """Whether it shipped with Firebreak; a stranger learns and votes by itself."""

    def attend(self, waiting: Unlearned) -> None:
        """Let it see what of its own waits to be learned; strangers do not."""

    def features(self, tx: Transaction, without: frozenset[str]) -> Features | None:
        """Return the features that are left, None when the detector failed or is off."""

    def score_one(self, x: Features) -> float:
        """Return the score, 0 when the detector failed. One that ships with Firebreak is not asked
        what it thinks of nothing, nor does it learn that; a stranger may have its own idea."""

    def lesson(self, x: Features) -> Features:
        """Return what of the features is kept until it may be learned."""

    def learn_one(self, x: Features, weight: float) -> None:
        """Let it learn."""

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Return its reasons, none when it failed."""

    def take_faults(self) -> list[str]:
        """Return what went wrong since the last call."""

    def dump(self) -> dict[str, Any]:
        """Return all that was learned, as JSON."""

    def load(self, state: State) -> None:
        """Become what `dump` described."""


class Source(Protocol):
    """Where the guards of one plug-in come from: one for each protocol."""

    spec: Spec

    def guard(self, name: str, scope: Scope) -> Guard:
        """Return a new detector, under guard, that has learned nothing."""


def guard(name: str, source: type[Detector] | Source, scope: Scope) -> Guard:
    """Return a new detector for a protocol, under guard."""
    if source.spec.name != name:
        raise ConfigurationError(
            f"plug-in {name!r} gives a detector that calls itself {source.spec.name!r}"
        )
    for word, pattern in (("version", VERSION), ("technique", TECHNIQUE)):
        if not pattern.match(getattr(source.spec, word)):
            raise ConfigurationError(
                f"plug-in {name!r} has the {word} {getattr(source.spec, word)!r:.60}; "
                f"firebreak detectors check {name} tells more"
            )
    if unfit := [word for word in source.spec.made_from if not KIND.fullmatch(word)]:
        raise ConfigurationError(
            f"plug-in {name!r} is made from {unfit[0]!r:.60}; name kinds of feature by a-z alone"
        )
    return Guarded(name, source, scope) if isinstance(source, type) else source.guard(name, scope)


class Guarded:
    """One shipped detector for one protocol, made on construction."""

    ours = True

    def __init__(self, name: str, make: type[Detector], scope: Scope) -> None:
        self.name = name
        self.spec = make.spec
        self._detector = make(scope)
        self._faults: list[str] = []

    def attend(self, waiting: Unlearned) -> None:
        """Let it see what of its own waits to be learned."""
        self._detector.waiting = waiting

    def features(self, tx: Transaction, without: frozenset[str]) -> Features | None:
        """Return the features that are left, None when the detector failed."""
        try:
            return usable(self._detector.features(tx), without)
        except Exception as error:  # noqa: BLE001 - a plug-in's code; recorded and counted
            self._failed("features", error)
            return None

    def score_one(self, x: Features) -> float:
        """Return the score, 0 when the detector failed or found nothing to look at."""
        if not x:
            return 0.0
        try:
            return sound(self._detector.score_one(x))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed("score_one", error)
            return 0.0

    def lesson(self, x: Features) -> Features:
        """Return what of the features is kept until it may be learned; none when it failed."""
        try:
            return self._detector.lesson(x)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed("lesson", error)
            return {}

    def learn_one(self, x: Features, weight: float) -> None:
        """Let it learn, if there is anything."""
        if not x:
            return
        try:
            self._detector.learn_one(x, weight)
        except Exception as error:  # noqa: BLE001 - as above
            self._failed("learn_one", error)

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Return its reasons, none when it failed."""
        try:
            return printable(self._detector.explain_one(x, tx))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed("explain_one", error)
            return Explanation()

    def _failed(self, step: str, error: Exception) -> None:
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(f"{step}: {type(error).__name__}: {error}"[:300])

    def take_faults(self) -> list[str]:
        """Return what went wrong since the last call."""
        if not self._faults:
            return []
        faults, self._faults = self._faults, []
        return faults

    def dump(self) -> dict[str, Any]:
        """Return the detector's state."""
        return {"state": self._detector.dump()}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._detector.load(state["state"])


def usable(x: Mapping[str, float], without: frozenset[str]) -> dict[str, float]:
    """Return the features but for some, all of them floats. Raises `ValueError` for one that no
    host can keep: a number that is none, a name without end."""
    if x == {}:
        return {}
    if type(x) is dict and not without and set(map(type, x.values())) == _FLOATS:
        found = x
    else:
        found = {name: float(value) for name, value in x.items() if name not in without}
    if math.isfinite(sum(found.values())) and max(map(len, found), default=0) <= MAX_NAME:
        return found
    for name, value in found.items():
        if not math.isfinite(value):
            raise ValueError(f"{name[:MAX_NAME]} is not finite")
        if len(name) > MAX_NAME:
            raise ValueError(f"a feature has a name of {len(name):,} characters")
    return found


def sound(score: float) -> float:
    """Return a score. Raises `ValueError` for one that is not a finite number, 0 or more."""
    score = float(score)
    if not 0.0 <= score < math.inf:
        raise ValueError(f"score {score} is not a finite number >= 0")
    return score


def printable(explanation: Explanation) -> Explanation:
    """Return an explanation that fits into an alert. Raises `ValueError` for one that does not:
    an alert that cannot be written would be lost whole."""
    try:
        found = msgspec.json.decode(msgspec.json.encode(explanation), type=Explanation)
    except msgspec.MsgspecError as error:
        raise ValueError(f"it cannot be written into an alert: {error}") from error
    if found.technique and not TECHNIQUE.match(found.technique):
        raise ValueError(f"{found.technique!r:.60} is no technique")
    return found
