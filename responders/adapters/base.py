"""What every adapter promises: how one brake is pulled, and how to see that it holds."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from responders.chain import Call, Receipt
from responders.questions import Question
from runtime.safe_transactions import SafeTransaction
from schemas.activities import EVERYTHING, Activity
from schemas.errors import TransientError

Scope = Literal["T1", "T2", "T3"]

GAS = 500_000
"""Many times what a flag costs, so that no hook behind it runs dry."""


class NotNowError(TransientError):
    """This brake cannot be sent as things are; go on with the others, and try again."""


class Condition(Enum):
    """What a probe of the target found."""

    BRAKED = "braked"
    OPEN = "open"
    UNKNOWN = "unknown"
    """The target does not say."""

    @classmethod
    def of(cls, answer: int | None) -> "Condition":
        """Return what a yes or no means, None being no answer, and so is any other number."""
        return {0: cls.OPEN, 1: cls.BRAKED}.get(-1 if answer is None else answer, cls.UNKNOWN)


@dataclass(frozen=True, slots=True)
class AlsoStops:
    """What honest users cannot do either, as long as a brake holds."""

    words: str
    activities: frozenset[Activity] = EVERYTHING
    """For decisions; what is not known to go on counts as stopped."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a brake does: the call that reaches the target, and what follows from it."""

    target: str
    calldata: str
    """Names the brake, in the journal and in actions, and never changes. Where a target takes its
    whole state at once, what is sent repeats what it has stopped already, and so says more."""
    gas: int
    """The most it may use; what it does not use is not paid for."""
    scope: Scope
    also_stops: AlsoStops
    lapses_after: int | None = None
    """Seconds after which the target at the latest lets go by itself; None: people release it."""
    heartbeat: str | None = None
    """The contract beside the gate that obeys only as long as its `heartbeat()` is called."""


class Outcome(Enum):
    """What a simulation found."""

    WOULD_BRAKE = "it would brake"
    BRAKED_ALREADY = "the target is braked already"
    WOULD_FAIL = "it would fail"


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of a simulation, and why in words."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """Whether the brake holds after it was mined, and what was seen."""

    holds: bool
    reason: str


class Adapter(Protocol):
    """One brake of one protocol. Asks a chain, sends nothing.

    All raise `TransientError` when no node answers.
    """

    def plan(self) -> Plan:
        """Return what the brake does; always the same."""
        ...

    def call(self, action: str) -> Call:
        """Return the message that pulls the brake under this action's name, as it has to be after
        the newest block; without the operators' words, where it takes them. Raises `NotNowError`
        when there is none."""
        ...

    def question(self, block: int) -> Question | None:
        """Return what operators have to agree to before it is pulled, after this block; None where
        nobody is asked. Raises `NotNowError` when it cannot be asked as things are."""
        ...

    @property
    def proposes(self) -> bool:
        """Whether it is put before a Safe's owners, who pull it or not."""
        ...

    def proposal(self) -> SafeTransaction | None:
        """Return what is put before a Safe's owners, as it has to be after the newest block; None
        where it is pulled without them. Raises `NotNowError` when there is nothing to put."""
        ...

    def probe(self, block: int) -> Condition:
        """Look at the target after this block."""
        ...

    def simulate(self, action: str, sender: str, block: int) -> Trial:
        """Execute the message on the state after this block, as if `sender` had sent it."""
        ...

    def verify(self, receipt: Receipt) -> Check:
        """Look at the target after the block that included the brake."""
        ...

    def called_for(self, tx: str) -> tuple[str, ...]:
        """Return the calldata of every brake that this transaction calls for: the plan's, or for a
        target that takes a name, one for each that the transaction gave it; none where there is
        nothing to brake."""
        ...

    def aimed(self, calldata: str) -> "Adapter | None":
        """Return the adapter of one that `called_for` gave, None for any other call."""
        ...

    def describe_release(self) -> str:
        """Say who can release the target, and how. The automation never does."""
        ...
