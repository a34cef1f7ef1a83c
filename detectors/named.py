"""Detectors that also look at names: which functions, which slots, in which order.

A feature `kind:name` whose kind is among `kinds` says that the transaction brought that name. The
names of one kind count once, by how surprising it is that so many of them are new; what else the
features hold is numbers, as in `detectors.featured`.
"""

import math
from collections.abc import Container, Mapping
from functools import partial
from typing import ClassVar

from scipy.special import ndtri

from detectors.api import Explanation, Features, Scope, State
from detectors.featured import NOTEWORTHY, FeatureDetector, require_finite
from detectors.last import answered_once
from detectors.novelty import Vocabulary
from schemas.alerts import Evidence, Reason
from schemas.chain import Transaction


class NamedFeatureDetector(FeatureDetector):
    """A feature detector with vocabularies. A subclass gives `kinds` besides."""

    kinds: ClassVar[Mapping[str, str]]
    """By kind of name, the sentence that tells it; may use {new} and {chance}."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._vocabularies = {kind: Vocabulary() for kind in self.kinds}
        self._parted = answered_once(partial(parted, self.kinds))
        """What is learned was scored a moment before: features do not change once they are made."""

    def score_one(self, x: Features) -> float:
        """Return the surprise at the numbers and at the new names, in nats."""
        named, numbers = self._parted(x)
        surprise = super().score_one(numbers)
        for kind, names in named.items():
            surprise += self._vocabularies[kind].surprise(names)
        return surprise

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these numbers and names for ordinary."""
        named, numbers = self._parted(x)
        super().learn_one(numbers, weight)
        for kind, names in named.items():
            self._vocabularies[kind].learn(names, weight)

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say what is new, then which numbers stand out."""
        named, numbers = self._parted(x)
        told = super().explain_one(numbers, tx) if numbers else Explanation()
        reasons = [
            self._novelty(kind, names)
            for kind, names in named.items()
            if self._vocabularies[kind].surprise(names) >= NOTEWORTHY
        ]
        new = [
            f"{kind} {self.told(name)} is new to the protocol"
            for kind, names in named.items()
            for name in self._vocabularies[kind].unseen(names)
        ]
        evidence = tuple(Evidence(what=text[:500]) for text in new[:8])
        return Explanation((*reasons, *told.reasons), (*evidence, *told.evidence)[:64])

    def _novelty(self, kind: str, names: list[str]) -> Reason:
        vocabulary = self._vocabularies[kind]
        new = vocabulary.unseen(names)
        nats = vocabulary.surprise(names)
        words = self.kinds[kind].format(
            new=len(new), what=self.told(new[0]), chance=f"{1.0 / vocabulary.chance_of_new:,.0f}"
        )
        return Reason(
            feature=kind,
            observed=float(len(new)),
            expected=vocabulary.chance_of_new,
            distance=max(0.0, -float(ndtri(math.exp(-nats)))),
            unit="",
            text=words[:500],
        )

    def told(self, name: str) -> str:
        """Return what people call a name."""
        return name

    def dump(self) -> State:
        """Return the baselines and the vocabularies."""
        names = {kind: item.dump() for kind, item in self._vocabularies.items()}
        return super().dump() | {"names": names}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        for kind, saved in state["names"].items():
            self._vocabularies[kind].load(saved)


def parted(kinds: Container[str], x: Features) -> tuple[dict[str, list[str]], dict[str, float]]:
    """Return the names by kind, and the numbers."""
    require_finite(x)
    named: dict[str, list[str]] = {}
    numbers: dict[str, float] = {}
    for name, value in x.items():
        kind, _, rest = name.partition(":")
        if kind not in kinds:
            numbers[name] = value
        elif kind in named:
            named[kind].append(rest)
        else:
            named[kind] = [rest]
    return named, numbers
