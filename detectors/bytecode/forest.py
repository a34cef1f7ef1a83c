"""Trees whose leaves count: how many attacks and how many services of the examples fell into each.

The splits were drawn at random when the forest was grown (extremely randomised trees: Geurts,
Ernst, Wehenkel, Machine Learning 63, 2006) and stay; what is learned afterwards is counted in the
leaf that it falls into.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PRIOR = 0.5
"""Examples of each kind that a leaf starts with, so that none is ever certain."""


@dataclass(slots=True)
class Tree:
    """Nodes by number; 0 is the root. Where `feature` is -1, the node is a leaf and `counts` are
    its services and attacks; else `x[feature] <= threshold` goes to `left`, all else to the node
    after it."""

    feature: list[int]
    threshold: list[float]
    left: list[int]
    counts: list[list[float]]

    def leaf(self, x: Sequence[float]) -> list[float]:
        """Return the counts of the leaf that `x` falls into."""
        node = 0
        while (feature := self.feature[node]) >= 0:
            node = self.left[node] + (x[feature] > self.threshold[node])
        return self.counts[node]

    def dump(self) -> list[list[Any]]:
        """Return the nodes as plain numbers: a split as [feature, threshold, left], a leaf as
        [services, attacks]."""
        return [
            [feature, self.threshold[node], self.left[node]] if feature >= 0 else self.counts[node]
            for node, feature in enumerate(self.feature)
        ]

    @classmethod
    def load(cls, nodes: Sequence[Sequence[float]]) -> "Tree":
        """Become what `dump` described."""
        splits = [len(node) == 3 for node in nodes]
        return cls(
            [int(n[0]) if split else -1 for n, split in zip(nodes, splits, strict=True)],
            [float(n[1]) if split else 0.0 for n, split in zip(nodes, splits, strict=True)],
            [int(n[2]) if split else 0 for n, split in zip(nodes, splits, strict=True)],
            [
                [] if split else [float(n[0]), float(n[1])]
                for n, split in zip(nodes, splits, strict=True)
            ],
        )


def attack_share(trees: Sequence[Tree], x: Sequence[float]) -> float:
    """Return the mean share of attacks in the leaves that `x` falls into, strictly between 0 and
    1."""
    total = 0.0
    for tree in trees:
        services, attacks = tree.leaf(x)
        total += (attacks + PRIOR) / (services + attacks + 2 * PRIOR)
    return total / len(trees)


def learn(trees: Sequence[Tree], x: Sequence[float], *, attack: bool, weight: float) -> None:
    """Count one example in the leaves that it falls into."""
    for tree in trees:
        tree.leaf(x)[attack] += weight
