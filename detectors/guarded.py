"""A detector under guard: its failure is its own.

Whatever a plug-in raises or returns, the set goes on: the failure is recorded, the transaction has
no opinion from this detector, and after `PATIENCE` failures in a row it is asked no more.
"""

import math
from typing import Any

from detectors.api import Detector, Explanation, Features, Scope, State
from schemas.chain import Transaction
from schemas.errors import ConfigurationError

PATIENCE = 5
"""Failures in a row after which a detector is left alone."""


class Guarded:
    """One detector for one protocol, made on construction."""

    def __init__(self, name: str, make: type[Detector], scope: Scope) -> None:
        self.name = name
        self.spec = make.spec
        if self.spec.name != name:
            raise ConfigurationError(
                f"plug-in {name!r} gives a detector that calls itself {self.spec.name!r}"
            )
        self._detector = make(scope)
        self._streak = 0
        self._faults: list[str] = []

    def features(self, tx: Transaction, without: frozenset[str]) -> Features | None:
        """Return the features that are left, None when the detector failed or is left alone."""
        if self._streak >= PATIENCE:
            return None
        try:
            x = self._detector.features(tx)
            found = {name: float(value) for name, value in x.items() if name not in without}
        except Exception as error:  # noqa: BLE001 - a stranger's code; recorded and counted
            self._failed("features", error)
            return None
        bad = next((name for name, value in found.items() if not math.isfinite(value)), None)
        if bad is not None:
            self._failed("features", ValueError(f"{bad} is not finite"))
            return None
        return found

    def score_one(self, x: Features) -> float:
        """Return the score, 0 when the detector failed."""
        try:
            score = float(self._detector.score_one(x))
        except Exception as error:  # noqa: BLE001 - a stranger's code; recorded and counted
            self._failed("score_one", error)
            return 0.0
        if not math.isfinite(score) or score < 0.0:
            self._failed("score_one", ValueError(f"score {score} is not a finite number >= 0"))
            return 0.0
        self._streak = 0
        return score

    def learn_one(self, x: Features, weight: float) -> None:
        """Let it learn."""
        try:
            self._detector.learn_one(x, weight)
        except Exception as error:  # noqa: BLE001 - a stranger's code; recorded and counted
            self._failed("learn_one", error)

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Return its reasons, none when it failed."""
        try:
            return self._detector.explain_one(x, tx)
        except Exception as error:  # noqa: BLE001 - a stranger's code; recorded and counted
            self._failed("explain_one", error)
            return Explanation()

    def _failed(self, step: str, error: Exception) -> None:
        self._streak += 1
        self._faults.append(f"{step}: {type(error).__name__}: {error}"[:300])

    def take_faults(self) -> list[str]:
        """Return what went wrong since the last call."""
        faults, self._faults = self._faults, []
        return faults

    def dump(self) -> dict[str, Any]:
        """Return the detector's state and its streak of failures."""
        return {"streak": self._streak, "state": self._detector.dump()}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._streak = int(state["streak"])
        self._detector.load(state["state"])
