"""How much a contract's code looks like an attack's: a linear part and a forest, as plain numbers.

The linear part is a logistic regression whose weights may only have the sign that a feature's
meaning gives it (`features.DIRECTIONS`); it generalises. The forest sees what features mean
together. Their log-odds are averaged. Both can be taught one more contract at a time, without the
old ones. The shipped numbers are `code_model.json`, their card is `docs/deployments.md`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from detectors.bytecode import forest
from detectors.bytecode.features import DIRECTIONS
from detectors.bytecode.forest import Tree

RATE = 0.02
"""Step of the linear part per example learned, as in stochastic gradient descent."""

MOST = 12.0
"""Log-odds beyond which the linear part is not believed."""


@dataclass(slots=True)
class CodeModel:
    """Log-odds that a contract is made for an attack."""

    names: Sequence[str]
    means: Sequence[float]
    spreads: Sequence[float]
    weights: list[float]
    intercept: float
    trees: Sequence[Tree]
    tail: Sequence[tuple[float, float]] = field(default=())
    """(score, ln of the share of services that score higher), both steadily changing."""

    def score(self, x: Mapping[str, float]) -> float:
        """Return the log-odds. A feature that is missing counts as the examples' mean."""
        row = self._row(x)
        share = forest.attack_share(self.trees, row)
        linear = max(-MOST, min(MOST, self._linear(row)))
        return (linear + math.log(share / (1.0 - share))) / 2.0

    def p_value(self, score: float) -> float:
        """Return the share of services that score at least as high; beyond the highest of them the
        last stretch of the curve goes on in a straight line of ln p."""
        knots = self.tail
        last = len(knots) - 1
        at = next((i for i, (known, _) in enumerate(knots) if score <= known), last)
        before, after = knots[max(0, at - 1)], knots[max(1, at)]
        slope = (after[1] - before[1]) / (after[0] - before[0])
        return math.exp(max(-34.0, min(0.0, before[1] + slope * (score - before[0]))))

    def contributions(self, x: Mapping[str, float]) -> list[tuple[str, float]]:
        """Return what each feature adds to the linear part, the most telling first."""
        parts = [
            (name, weight * (value - mean) / spread)
            for name, weight, value, mean, spread in zip(
                self.names, self.weights, self._row(x), self.means, self.spreads, strict=True
            )
        ]
        return sorted(parts, key=lambda part: -part[1])

    def learn(self, x: Mapping[str, float], *, attack: bool, weight: float = 1.0) -> None:
        """Take one more contract for an attack or for a service. No weight changes its sign
        against a feature's meaning."""
        row = self._row(x)
        odds = max(-MOST, min(MOST, self._linear(row)))
        error = float(attack) - 1.0 / (1.0 + math.exp(-odds))
        step = RATE * weight * error
        for i, name in enumerate(self.names):
            direction = DIRECTIONS.get(name, 0)
            moved = self.weights[i] + step * (row[i] - self.means[i]) / self.spreads[i]
            self.weights[i] = moved if moved * direction >= 0.0 else 0.0
        self.intercept += step
        forest.learn(self.trees, row, attack=attack, weight=weight)

    def _row(self, x: Mapping[str, float]) -> list[float]:
        return [x.get(name, mean) for name, mean in zip(self.names, self.means, strict=True)]

    def _linear(self, row: Sequence[float]) -> float:
        return self.intercept + sum(
            weight * (value - mean) / spread
            for weight, value, mean, spread in zip(
                self.weights, row, self.means, self.spreads, strict=True
            )
        )

    def dump(self) -> dict[str, Any]:
        """Return everything as plain numbers."""
        return {
            "names": list(self.names),
            "means": list(self.means),
            "spreads": list(self.spreads),
            "weights": self.weights,
            "intercept": self.intercept,
            "trees": [tree.dump() for tree in self.trees],
            "tail": [list(knot) for knot in self.tail],
        }

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> "CodeModel":
        """Become what `dump` described."""
        return cls(
            names=list(state["names"]),
            means=[float(v) for v in state["means"]],
            spreads=[float(v) for v in state["spreads"]],
            weights=[float(v) for v in state["weights"]],
            intercept=float(state["intercept"]),
            trees=[Tree.load(nodes) for nodes in state["trees"]],
            tail=[(float(score), float(log)) for score, log in state["tail"]],
        )


@cache
def shipped() -> CodeModel:
    """Return the model that is shipped. It is shared: do not teach it, teach a copy."""
    return CodeModel.load(json.loads((files("detectors.bytecode") / "code_model.json").read_text()))
