"""The easy way to write a detector: name the features, and everything else is here.

Each feature has an online baseline (`detectors.baseline`); its surprise is how far it lies above
what is ordinary. Features of one family (`price_move:0x…`, one per pool) count once, by their most
surprising member; the families' surprises add up to the score.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from detectors.api import Detector, Explanation, Features, Scope, State
from detectors.baseline import Baseline, Prior
from schemas.alerts import Evidence, Reason
from schemas.chain import Transaction

MAX_BASELINES = 512
"""Features remembered per protocol; the one not learned for longest gives way."""

NOTEWORTHY = 1.0
"""Nats of surprise from which a feature is worth a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of feature: how it is scaled and told."""

    prior: Prior
    """On the scale after the logarithm, where `floor` is set."""
    words: str
    """One sentence; may use {member}, {observed}, {expected}, {times}."""
    unit: str = ""
    floor: float | None = None
    """Take the logarithm of values, none smaller than this; for sizes that vary by factors."""
    relative: bool = False
    """The first value seen sets the prior's mean, because the scale cannot be known before."""

    def scaled(self, value: float) -> float:
        """Bring a value onto the scale of its baseline. Raises `ValueError` unless finite."""
        if not math.isfinite(value):
            raise ValueError(f"a feature is {value}")
        return value if self.floor is None else math.log(max(value, self.floor))

    def natural(self, scaled: float) -> float:
        """Bring a baseline's mean back to the value's own scale."""
        return scaled if self.floor is None else math.exp(min(scaled, 700.0))


class _Surprise(NamedTuple):
    name: str
    family: Family
    nats: float


class FeatureDetector(Detector):
    """A detector that is its features. A subclass gives `spec`, `families` and `features`."""

    families: ClassVar[Mapping[str, Family]]

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._baselines: dict[str, Baseline] = {}

    def score_one(self, x: Features) -> float:
        """Return the sum over families of the largest surprise within each, in nats."""
        return sum(surprise.nats for surprise in self._surprises(x))

    def _surprises(self, x: Features) -> list[_Surprise]:
        largest: dict[str, _Surprise] = {}
        for name, value in x.items():
            family_name = name.partition(":")[0]
            family = self.families.get(family_name)
            if family is None:
                continue
            nats = self._surprise(name, family, value)
            if family_name not in largest or nats > largest[family_name].nats:
                largest[family_name] = _Surprise(name, family, nats)
        return list(largest.values())

    def _surprise(self, name: str, family: Family, value: float) -> float:
        scaled = family.scaled(value)
        baseline = self._baselines.get(name)
        if baseline is None:
            if family.relative:
                return 0.0
            baseline = Baseline(family.prior)
        return baseline.surprise(scaled)

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these values for ordinary."""
        known_ones = [
            (name, family, family.scaled(value))
            for name, value in x.items()
            if (family := self.families.get(name.partition(":")[0])) is not None
        ]
        for name, family, scaled in known_ones:
            baseline = self._baselines.pop(name, None)
            if baseline is None:
                prior = family.prior
                mean = scaled if family.relative else prior.mean
                baseline = Baseline(Prior(mean, prior.spread, prior.weight))
            baseline.learn(scaled, weight)
            self._baselines[name] = baseline
        while len(self._baselines) > MAX_BASELINES:
            del self._baselines[next(iter(self._baselines))]

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say which features stand out, the strongest first, and what in the transaction shows
        them."""
        ranked = sorted(self._surprises(x), key=lambda surprise: -surprise.nats)
        noteworthy = [s for s in ranked if s.nats >= NOTEWORTHY] or ranked[:1]
        reasons = tuple(self._reason(surprise, x[surprise.name]) for surprise in noteworthy)
        evidence = tuple(
            item for surprise in noteworthy for item in self.evidence(surprise.name, tx)
        )
        return Explanation(reasons, evidence[:64])

    def _reason(self, surprise: _Surprise, observed: float) -> Reason:
        name, family = surprise.name, surprise.family
        baseline = self._baselines.get(name) or Baseline(family.prior)
        expected = family.natural(baseline.mean)
        text = family.words.format(
            member=self.member(name.partition(":")[2]),
            observed=_plain(observed),
            expected=_plain(expected),
            times=_plain(observed / expected) if expected > 0.0 else "many",
        )
        return Reason(
            feature=name[:128],
            observed=observed,
            expected=expected,
            distance=baseline.distance(family.scaled(observed)),
            unit=family.unit,
            text=text[:500],
        )

    def member(self, member: str) -> str:
        """Return what people call the member of a family: a contract's or a token's name."""
        return self.scope.name(member) if member.startswith("0x") else member

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield what in the transaction shows this feature. Nothing, unless a subclass knows."""
        del name, tx
        yield from ()

    def dump(self) -> State:
        """Return every baseline, the least recently learned first."""
        return {"baselines": {name: item.dump() for name, item in self._baselines.items()}}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._baselines = {}
        for name, numbers in state["baselines"].items():
            baseline = Baseline(Prior(0.0, 1.0))
            baseline.load(numbers)
            self._baselines[name] = baseline


def _plain(value: float) -> str:
    """Write a number for a person: three significant digits, no exponent where avoidable."""
    if value != 0.0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def known(values: Mapping[str, Any]) -> dict[str, float]:
    """Drop what could not be known (None)."""
    return {name: float(value) for name, value in values.items() if value is not None}
