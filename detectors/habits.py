"""The easy way to watch for acts: things that a protocol does rarely and that show in its events.

Unlike a quantity, an act has no distribution; what is ordinary is how often it happens, who does it
and when. A subclass names kinds of acts and of circumstances:

- an *act* surprises by its rarity, -ln of the share of transactions that had one, plus a severity:
  how much more often it is part of an attack than of ordinary life, in nats, an author's judgement
  that stands in the source;
- a *measure* is an act with a size: it surprises by its size as well, against its own history;
- a *circumstance* (who, what hour) adds surprise to an act when it is new to acts, up to a limit.

The score is that of the most surprising act plus its circumstances. Until a protocol has a history,
every act counts as seen about once in `IMAGINED` transactions: alone not enough for an alert at the
default budget, with a severity or a stranger circumstance it is.
"""

import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from scipy.special import ndtri

from detectors.api import Detector, Explanation, Features, Scope, State
from detectors.baseline import Prior, Sizes, logarithm
from detectors.featured import plain, require_finite
from schemas.alerts import Evidence, Reason
from schemas.chain import Log, Transaction

SEEN = "seen"
"""The feature that says that acts could have been seen in this transaction."""

IMAGINED, IMAGINED_ACTS = 400.0, 1.2
"""History that is imagined before there is any: so many transactions, with so many of each act."""

UNSEEN = 0.2
"""How many new circumstances are imagined before any history."""

LEAST = 0.01
"""A size is learned as at least this share of what is ordinary, or dust would teach the watch that
anything goes."""

MAX_NAMES = 2_048
"""Circumstances and sizes remembered per protocol; the one not seen for longest gives way."""

LARGEST = 60.0
NOTEWORTHY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of act or circumstance."""

    words: str
    """Half a sentence; may use {member}, {observed}, {expected}."""
    severity: float = 0.0
    spread: float | None = None
    """For a measure: the standard deviation of its logarithm that is believed at first."""
    ordinary: float | None = None
    """For a measure: the size that is believed ordinary at first; None: the first one seen."""
    limit: float | None = None
    """For a circumstance: the most that it can add, in nats."""
    unit: str = ""


class Surprise(NamedTuple):
    """How surprising one act or circumstance is."""

    name: str
    kind: Kind
    nats: float
    expected: float


class ActDetector(Detector):
    """A detector that is its kinds of acts. A subclass gives `spec`, `kinds` and `acts`."""

    kinds: ClassVar[Mapping[str, Kind]]
    trust: ClassVar[float] = 0.0
    """The least that a final act counts for when learned. Above nought where nobody can rehearse an
    act to make it a habit, because only those in power can do it at all: if an act that alerted
    stands after quarantine and nobody pulled a brake over it, it was theirs."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._transactions = 0.0
        self._acts: dict[str, float] = {}
        self._circumstances: dict[str, float] = {}
        self._sizes: dict[str, Sizes] = {}

    @abstractmethod
    def acts(self, tx: Transaction) -> Features:
        """Return `kind:member` of every act (1, or its size) and circumstance (1) that shows."""

    def features(self, tx: Transaction) -> Features:
        """Return the acts, and that there could have been some."""
        if "logs" not in tx.seen:
            return {}
        return {SEEN: 1.0, **self.acts(tx)}

    def own(self, tx: Transaction) -> Iterator[Log]:
        """Yield the events of the protocol's own contracts; without a manifest, all."""
        manifest = self.scope.manifest
        for log in tx.logs:
            if manifest is None or log.contract in manifest.addresses:
                yield log

    def score_one(self, x: Features) -> float:
        """Return the surprise of the strangest act with its circumstances, in nats."""
        require_finite(x)
        surprises = self._surprises(x)
        acts = [surprise.nats for surprise in surprises if surprise.kind.limit is None]
        if not acts:
            return 0.0
        around = sum(surprise.nats for surprise in surprises if surprise.kind.limit is not None)
        return min(LARGEST, max(acts) + around)

    def _surprises(self, x: Features) -> list[Surprise]:
        found = []
        for name, value in x.items():
            kind_name = name.partition(":")[0]
            kind = self.kinds.get(kind_name)
            if kind is None:
                continue
            if kind.limit is not None:
                nats = min(kind.limit, self._strangeness(kind_name, name))
                found.append(Surprise(name, kind, nats, 0.0))
                continue
            nats, expected = self._rarity(kind_name) + kind.severity, 0.0
            if kind.spread is not None:
                sizes = self._sizes.get(name) or self._start(kind, value)
                nats = max(0.0, kind.severity + sizes.surprise(value))
                expected = sizes.expected()
                if name not in self._sizes and kind.ordinary is None:
                    nats = 0.0
            found.append(Surprise(name, kind, nats, expected))
        return found

    def _rarity(self, kind: str) -> float:
        acts = self._acts.get(kind, 0.0) + IMAGINED_ACTS
        return -math.log(min(1.0, acts / (self._transactions + IMAGINED)))

    def _strangeness(self, kind: str, name: str) -> float:
        """Return -ln of how often an act came with this circumstance; nought without history.

        For one that never did, of how often acts come with a new one: the share of those seen once
        (Good, The population frequencies of species, 1953). Where every act names somebody new,
        somebody new is nothing strange.
        """
        acts = self._circumstances.get(kind, 0.0) + UNSEEN
        counts = self._circumstances.items()
        once = sum(1 for other, times in counts if times <= 1.0 and other.startswith(f"{kind}:"))
        new = min(1.0, (once + UNSEEN) / acts)
        return -math.log(min(1.0, max(new, self._circumstances.get(name, 0.0) / acts)))

    @staticmethod
    def _start(kind: Kind, value: float) -> Sizes:
        usual = value if kind.ordinary is None else kind.ordinary
        return Sizes(Prior(logarithm(usual, _FLOOR), kind.spread or 1.0), _FLOOR)

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these acts for ordinary."""
        require_finite(x)
        if SEEN not in x:
            return
        weight = max(weight, self.trust)
        self._transactions += weight
        for kind_name in {name.partition(":")[0] for name in x} & self.kinds.keys():
            table = self._acts if self.kinds[kind_name].limit is None else self._circumstances
            table[kind_name] = table.pop(kind_name, 0.0) + weight
        for name, value in x.items():
            kind = self.kinds.get(name.partition(":")[0])
            if kind is None or ":" not in name:
                continue
            if kind.limit is not None:
                self._circumstances[name] = self._circumstances.pop(name, 0.0) + weight
            elif kind.spread is not None:
                sizes = self._sizes.pop(name, None) or self._start(kind, value)
                sizes.learn(max(value, LEAST * sizes.expected()), weight)
                self._sizes[name] = sizes
        _bound(self._circumstances)
        _bound(self._sizes)

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say what was done, who did it and what is strange about that."""
        ranked = sorted(self._surprises(x), key=lambda it: (it.kind.limit is not None, -it.nats))
        told = [it for it in ranked if it.nats >= NOTEWORTHY]
        reasons = tuple(self._reason(surprise, x[surprise.name]) for surprise in told[:16])
        evidence = tuple(item for surprise in told for item in self.evidence(surprise.name, tx))
        return Explanation(reasons, evidence[:64])

    def _reason(self, surprise: Surprise, observed: float) -> Reason:
        text = surprise.kind.words.format(
            member=self.member(surprise.name.partition(":")[2]),
            observed=plain(observed),
            expected=plain(surprise.expected),
        )
        return Reason(
            feature=surprise.name[:128],
            observed=observed,
            expected=surprise.expected,
            distance=max(0.0, -float(ndtri(math.exp(-min(LARGEST, surprise.nats))))),
            unit=surprise.kind.unit,
            text=text[:500],
        )

    def member(self, member: str) -> str:
        """Return what people call the member of a kind."""
        return self.scope.name(member) if member.startswith("0x") else member

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the protocol's own events that name this contract or account."""
        member = name.partition(":")[2]
        if not member.startswith("0x"):
            return
        for log in self.own(tx):
            if log.name and (log.contract == member or member in log.arguments.values()):
                yield Evidence(what=f"{log.name} of {self.scope.name(log.contract)}", log=log.log)
                return

    def dump(self) -> State:
        """Return everything that was learned."""
        return {
            "transactions": self._transactions,
            "acts": self._acts,
            "circumstances": self._circumstances,
            "sizes": {name: sizes.dump() for name, sizes in self._sizes.items()},
        }

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        self._transactions = float(state["transactions"])
        self._acts = {name: float(count) for name, count in state["acts"].items()}
        self._circumstances = {name: float(count) for name, count in state["circumstances"].items()}
        self._sizes = {}
        for name, saved in state["sizes"].items():
            sizes = self._start(self.kinds[name.partition(":")[0]], 1.0)
            sizes.load(saved)
            self._sizes[name] = sizes


_FLOOR = 1e-6


def _bound(table: dict[str, object] | dict[str, float] | dict[str, Sizes]) -> None:
    while len(table) > MAX_NAMES:
        del table[next(name for name in table if ":" in name)]


def number(log: Log, name: str) -> int | None:
    """Return an event's integer argument, None where there is none of that name."""
    value = log.arguments.get(name)
    if not isinstance(value, str) or not value.lstrip("-").isdecimal():
        return None
    return int(value)


def account(log: Log, name: str) -> str | None:
    """Return an event's address argument, None where there is none of that name."""
    value = log.arguments.get(name)
    return value if isinstance(value, str) and value.startswith("0x") and len(value) == 42 else None
