"""How surprising is something that was never seen? Pure statistics over names.

The chance that the next transaction brings something new is the share of past transactions that
did (Good, The population frequencies of species, 1953), counted with a memory, because a young
protocol brings something new all the time and an old one hardly ever. What was seen has a chance of
its own, its share of all transactions.
"""

import math
from collections.abc import Collection, Iterable
from typing import Any

CAPACITY = 2_048
"""Names remembered; when there are more, the rarer half is forgotten, the older first."""

MEMORY = 2_000.0
"""Transactions that count at most towards the chance of something new."""

PRIOR_NEW, PRIOR_SEEN = 1.0, 4.0
"""Before anything was learned, every fourth transaction is believed to bring something new."""


class Vocabulary:
    """Which names transactions bring, and how often one brings a name that none brought before."""

    __slots__ = ("_counts", "_new", "_seen")

    def __init__(self) -> None:
        self._counts: dict[str, float] = {}
        self._new = PRIOR_NEW
        self._seen = PRIOR_SEEN

    @property
    def chance_of_new(self) -> float:
        """The probability that the next transaction brings a new name."""
        return self._new / self._seen

    def unseen(self, names: Iterable[str]) -> list[str]:
        """Return those that no learned transaction brought."""
        return [name for name in names if name not in self._counts]

    def surprise(self, names: Collection[str]) -> float:
        """Return -ln of the chance to bring as many new names at once, in nats.

        A second new name is less of a surprise than the first: they come together, so each further
        doubling of their number costs one nat.
        """
        if all(map(self._counts.__contains__, names)):
            return 0.0
        new = len(self.unseen(names))
        return -math.log(self.chance_of_new) + math.log2(new)

    def rarity(self, name: str) -> float:
        """Return -ln of the share of transactions that bring a name that was seen, 0 of others."""
        count = self._counts.get(name)
        return 0.0 if count is None else max(0.0, -math.log((count + 0.5) / (self._seen + 0.5)))

    def learn(self, names: Collection[str], weight: float) -> None:
        """Count a transaction's names."""
        counts = self._counts
        self._new += weight * (not all(map(counts.__contains__, names)))
        self._seen += weight
        for name in names:
            counts[name] = counts.pop(name, 0.0) + weight
        if self._seen > MEMORY:
            self._new *= MEMORY / self._seen
            self._seen = MEMORY
        if len(self._counts) > CAPACITY:
            self._forget()

    def _forget(self) -> None:
        ranked = sorted(self._counts.items(), key=lambda item: item[1])  # stable: older first
        forgotten = {name for name, _ in ranked[: len(ranked) // 2]}
        self._counts = {name: n for name, n in self._counts.items() if name not in forgotten}

    def dump(self) -> dict[str, Any]:
        """Return what was learned, as JSON."""
        return {"counts": dict(self._counts), "new": self._new, "seen": self._seen}

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._counts = {name: float(count) for name, count in state["counts"].items()}
        self._new, self._seen = float(state["new"]), float(state["seen"])
