"""What a detector is.

A detector is made once per protocol and does three things: it takes numbers from a transaction
(`features`), says how strange they are (`score_one`), and learns what is ordinary (`learn_one`).
It never decides when: the host scores a transaction the moment its block is seen and lets the
detector learn it only once it is final. It never decides what is strange enough either: the host
turns scores into p-values against the protocol's own history and a false-alarm budget.

`features` and `score_one` change nothing and depend on nothing but the detector's state and the
transaction: no clock, no randomness, no network. `detectors.conformance` checks all of this for any
detector.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, ClassVar

from schemas.alerts import Evidence, Reason
from schemas.chain import Transaction
from schemas.manifest import Manifest

Features = Mapping[str, float]
"""Numbers by name. A number that cannot be known from this transaction is left out; it is never
written as zero."""

MAX_LESSON = 512
"""Features of one transaction that wait to be learned."""

Unlearned = Callable[[], Iterator[Features]]
"""Yields what a detector kept (`lesson`) of transactions that are not learned yet, newest first."""

State = dict[str, Any]
"""What a detector has learned, as JSON: dicts with text keys, lists, numbers, text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What people may know of a detector before they let it near a brake."""

    name: str
    version: str
    """Changes whenever the same transaction may get another score."""
    summary: str
    technique: str
    """MITRE AADAPT id of what it sees, e.g. ADT3012.004."""
    warm_up: int
    """Transactions it has to learn from before its score means much."""
    false_positives: tuple[str, ...]
    """Ordinary things that it may take for an attack."""
    blind_spots: tuple[str, ...]
    """Attacks that it cannot see."""
    trained: bool = False
    """It was fitted on labelled attacks, so it knows what is bad where others know what is rare.
    Shipped ones only."""
    made_from: tuple[str, ...] = ()
    """Kinds of feature that its score is made from (`schemas.alerts.Vote.made_from`); what only
    sorts or names things does not count. Two detectors that have one in common never pause a pool
    by themselves, and one that says nothing is taken to have all in common with every other."""
    rule: bool = False
    """Its score is a verdict, -ln of a p-value by itself, and is not calibrated. Shipped ones only:
    nobody takes a stranger's word for it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The protocol that a detector watches."""

    chain: str
    protocol: str
    manifest: Manifest | None = None
    """None when all of a recorded file is watched as one protocol."""

    def is_holder(self, address: str) -> bool:
        """Say whether what leaves this address leaves the protocol. Without a manifest every
        address is watched."""
        return self.manifest is None or address in self.manifest.holders

    def symbol(self, token: str) -> str:
        """Return what people call a token."""
        if self.manifest is not None:
            return self.manifest.symbol(token)
        return token if not token.startswith("0x") else f"{token[:6]}…{token[-4:]}"

    def name(self, address: str) -> str:
        """Return what people call a contract."""
        for contract in self.manifest.contracts if self.manifest else ():
            if contract.address == address:
                return contract.name or contract.role
        return f"{address[:6]}…{address[-4:]}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a score is what it is: features in words and numbers, and where to look."""

    reasons: tuple[Reason, ...] = ()
    evidence: tuple[Evidence, ...] = field(default=())
    technique: str = ""
    """The technique seen this time, where it is another than the spec's."""


class Detector(ABC):
    """One way of seeing that something is wrong, for one protocol."""

    spec: ClassVar[Spec]

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.waiting: Unlearned = lambda: iter(())
        """How things stand at the head, beyond what is learned. The host gives it to detectors that
        ship with Firebreak; a reorg takes from it what left the chain."""

    @abstractmethod
    def features(self, tx: Transaction) -> Features:
        """Return what this detector looks at; finite numbers, an empty mapping if nothing."""

    @abstractmethod
    def score_one(self, x: Features) -> float:
        """Return how strange the features are: 0 is ordinary, larger is stranger, never negative.

        The scale is free, because the host calibrates it; best is a surprise in nats (-ln p).
        """

    @abstractmethod
    def learn_one(self, x: Features, weight: float) -> None:
        """Take the features of a final transaction for ordinary, counted `weight` times (0..1]."""

    def lesson(self, x: Features) -> Features:
        """Return what of a transaction's features is kept until it may be learned.

        A transaction can name thousands of addresses; what waits is bounded. Here: the first
        `MAX_LESSON`.
        """
        return x if len(x) <= MAX_LESSON else dict(islice(x.items(), MAX_LESSON))

    @abstractmethod
    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Say which features stand out how far from what; called only when an alert is raised."""

    @abstractmethod
    def dump(self) -> State:
        """Return all that was learned; `load` of it gives an equal detector."""

    @abstractmethod
    def load(self, state: State) -> None:
        """Become what `dump` described."""
