"""The easy way to write a detector: name the features, and everything else is here.

Each feature has an online baseline (`detectors.baseline`); its surprise is how far it lies above
what is ordinary. Features of one family (`price_move:0x…`, one per pool) count once, by their most
surprising member; the families' surprises add up to the score.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from scipy.special import ndtri

from detectors import priors
from detectors.api import Detector, Explanation, Features, Scope, State
from detectors.baseline import Baseline, Counts, Prior, Sizes, logarithm
from detectors.memory import Remembered
from detectors.tail import NO_REFERENCE, Reference
from schemas.alerts import Evidence, Reason
from schemas.chain import Transaction

MAX_LESSON = 256
"""Features of one transaction that are learned; those with a baseline come first."""

MAX_FRESH = 32
"""Of these, ones that were never seen before: a single transaction can name ten thousand."""

NOTEWORTHY = 1.0
"""Nats of surprise from which a feature is worth a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A kind of feature: how its baseline starts, and how it is told."""

    start: Callable[[float], Baseline]
    """Makes the baseline of a member, given the first value seen of it."""
    words: str
    """One sentence; may use {member}, {observed}, {expected}, {times}."""
    unit: str = ""
    relative: bool = False
    """The scale cannot be known before: until a member was learned, no value of it surprises."""
    counted: bool = False
    """Its values are counts: nought or less surprises nobody."""


def count(words: str, reference: Reference = NO_REFERENCE) -> Family:
    """Return a family of counts; `reference` as in `detectors.baseline.Counts`."""
    return Family(start=lambda _first: Counts(reference), words=words, counted=True)


def size(words: str, *, prior: Prior, floor: float, unit: str = "") -> Family:
    """Return a family of sizes that are comparable before any was seen; none below `floor`."""
    return Family(start=lambda _first: Sizes(prior, floor), words=words, unit=unit)


def amount(words: str, *, prior: Prior, floor: float, unit: str = "") -> Family:
    """Return a family of sizes whose scale the first of them sets; the prior's mean is unused."""

    def start(first: float) -> Baseline:
        return Sizes(Prior(logarithm(first, floor), prior.spread, prior.weight), floor)

    return Family(start=start, words=words, unit=unit, relative=True)


def shipped(detector: str, family: str, words: str) -> Family:
    """Return a family of counts that starts from the shipped reference."""
    return count(words, priors.counts(detector, family))


class _Surprise(NamedTuple):
    name: str
    family: Family
    nats: float


class FeatureDetector(Detector):
    """A detector that is its features. A subclass gives `spec`, `families` and `features`."""

    families: ClassVar[Mapping[str, Family]]

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        manifest = scope.manifest
        named = manifest.addresses if manifest else frozenset[str]()
        tokens = frozenset(info.address for info in manifest.tokens) if manifest else frozenset()
        self._baselines = Remembered[Baseline](named | tokens)

    def score_one(self, x: Features) -> float:
        """Return the sum over families of the largest surprise within each, in nats."""
        require_finite(x)
        families, remembered = self.families, self._baselines.get
        largest: dict[str, float] = {}
        for name, value in x.items():
            family, family_name = families.get(name), name
            if family is None:
                family_name = name.partition(":")[0]
                family = families.get(family_name)
                if family is None:
                    continue
            if family.counted and value <= 0.0:
                continue
            baseline = remembered(name)
            if baseline is not None:
                nats = baseline.surprise(value)
            else:
                nats = self._surprise(name, family, value)
            if nats > largest.get(family_name, 0.0):
                largest[family_name] = nats
        return math.fsum(largest.values())

    def _surprises(self, x: Features) -> list[_Surprise]:
        largest: dict[str, _Surprise] = {}
        for name, value in x.items():
            family_name, family = self._family(name)
            if family is None:
                continue
            nats = self._surprise(name, family, value)
            if family_name not in largest or nats > largest[family_name].nats:
                largest[family_name] = _Surprise(name, family, nats)
        return list(largest.values())

    def _family(self, name: str) -> tuple[str, Family | None]:
        """Return the family that a feature belongs to, and its name."""
        family = self.families.get(name)
        if family is not None:
            return name, family
        family_name = name.partition(":")[0]
        return family_name, self.families.get(family_name)

    def _surprise(self, name: str, family: Family, value: float) -> float:
        baseline = self._baselines.get(name)
        if baseline is None:
            if family.relative:
                return 0.0
            baseline = family.start(value)
        return baseline.surprise(value)

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these values for ordinary."""
        require_finite(x)
        remembered, remember = self._baselines.get, self._baselines.put
        for name, value in x.items():
            baseline = remembered(name)
            if baseline is None:
                _, family = self._family(name)
                if family is None:
                    continue
                baseline = family.start(value)
            baseline.learn(value, weight)
            remember(name, baseline, weight)

    def lesson(self, x: Features) -> Features:
        """Return what to learn: what is known before what is new, and little of that at once."""
        if len(x) <= MAX_FRESH:
            return x
        return {name: x[name] for name in self._baselines.first(x, MAX_LESSON, MAX_FRESH)}

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
        baseline = self._baselines.get(name) or family.start(observed)
        expected = baseline.expected()
        text = family.words.format(
            member=self.member(name.partition(":")[2]),
            observed=plain(observed),
            expected=plain(expected),
            times=plain(observed / expected) if expected > 0.0 else "many",
        )
        return Reason(
            feature=name[:128],
            observed=observed,
            expected=expected,
            distance=max(0.0, -float(ndtri(math.exp(-surprise.nats)))),
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
        """Return every baseline."""
        return {"baselines": self._baselines.dump(lambda baseline: baseline.dump())}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._baselines.load(state["baselines"], self._read)

    def _read(self, name: str, saved: Any) -> Baseline:
        baseline = self.families[name.partition(":")[0]].start(0.0)
        baseline.load(saved)
        return baseline


def require_finite(x: Features) -> None:
    """Refuse everything if anything is not a number: half a lesson would be worse than none."""
    if math.isfinite(sum(x.values())):  # then every one of them is
        return
    for name, value in x.items():
        if not math.isfinite(value):
            raise ValueError(f"feature {name} is {value}")


def plain(value: float) -> str:
    """Write a number for a person: three significant digits, no exponent where avoidable."""
    if value != 0.0 and not 1e-4 <= abs(value) < 1e15:
        return f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
