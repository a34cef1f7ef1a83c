"""Tables of a manifest: what a halt and its absence cost, how fast loss comes, how much of it.

Money is in the currency of `[halt]` throughout. What is made of it: docs/decisions.md.
"""

from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.strict import KEY, LowerAddress, Money, Share, Strict, mistake


class Budget(Strict):
    """How many false alarms are acceptable."""

    transactions_per_false_alert: Annotated[int, Field(ge=10)] = 400
    market_days_per_false_alert: Annotated[int, Field(ge=1)] = 14
    """For prices, whose bars are as long as the market likes: days of one market."""


class Halt(Strict):
    """What a wrong and a missed halt cost, in one currency of the operator's choice, and what is
    believed before any evidence. Used by the halt rule (`responders/halt.py`)."""

    prior: Share = 1e-4
    """Probability that a transaction that alerts is an attack, before looking at how strongly."""
    false_halt_cost: Money
    halt_cost: Money = Decimal(0)
    value_exposed: Money
    loss_per_second: Money
    response_seconds: Annotated[float, Field(gt=0)] = 900.0
    """How long the drain would go on if nobody but people stopped it."""


class Loss(Strict):
    """How long it takes until a brake holds, and the window of the buckets on chain."""

    detect_seconds: Annotated[float, Field(ge=0)]
    """From the block of an attack to its alert."""
    decide_seconds: Annotated[float, Field(ge=0)]
    """From the alert to the signed brake."""
    include_seconds: Annotated[float, Field(ge=0)]
    """From the signed brake to the block that holds it."""
    window_seconds: Annotated[int, Field(gt=0)] = 3600
    """How long an empty bucket takes to fill."""


class RecordedLosses(Strict):
    """The tail of recorded losses (`runtime.tails`), as `firebreak tails` fits and prints it; money
    in the currency of `[halt]`."""

    threshold: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    share: Annotated[float, Field(gt=0, le=1)]
    """Of the losses that exceed the threshold."""
    shape: Annotated[float, Field(ge=-10, le=10)]
    scale: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    level: Annotated[float, Field(gt=0, lt=1)]
    """Of the losses that are not exceeded by the one that is reckoned with."""
    source: Annotated[str, Field(min_length=1, max_length=256)]
    """Which losses these are."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if (1.0 - self.level) / self.share > 1.0:
            raise mistake(f"the tail begins at the level {1.0 - self.share:g}", "level")
        return self


class Asset(Strict):
    """A token that the protocol may lose, what it is worth, and how much of it may be lost."""

    token: Annotated[str, Field(min_length=1, max_length=42)]
    """By symbol or address, as in `[[tokens]]`."""
    price: Annotated[Decimal, Field(gt=0)]
    """What one whole token is worth."""
    allowable: Money
    """The most that one incident may cost."""
    single_transaction: Money | None = None
    """The most that one transaction takes; without it, what `tail` says, else all there is."""
    tail: RecordedLosses | None = None
    """Counts where it says more than `single_transaction`; never more than there is."""
    loss_per_second: Money
    """How fast a drain goes on after that."""
    bucket_capacity: Money | None = None
    """What the bucket on chain lets through at once, where there is one."""
    bucket: LowerAddress | None = None
    """The `OutflowBucket`, where no `outflow` brake of this asset names it."""


class Cut(Strict):
    """What a brake halts, and at what cost, where that is not its target at `halt_cost`."""

    brake: Annotated[str, Field(pattern=KEY)]
    halts: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The contract that stands still, by name or address; without it, the brake's target."""
    cost: Money | None = None
    """Of pulling it rightly; without it, `halt_cost`."""
    false_cost: Money | None = None
    """Of pulling it for nothing; without it, `false_halt_cost`."""


class Griefing(Strict):
    """What it is worth, and what it costs, to have the automation halt the protocol for nothing."""

    prior: Share
    """Probability that a transaction that alerts was made to force a halt, where one pays."""
    gain: Money
    """What a forced halt is worth to whoever wants one: a bet on the token, a rival's users."""
    decoy_cost: Money = Decimal(0)
    """What it takes to make transactions that look like an attack, but for their fees: interest on
    what is borrowed, prices that were moved and paid for."""
    coin_price: Annotated[Decimal, Field(gt=0)] | None = None
    """What one whole coin of the chain is worth, to count the fees; without it they count for
    nothing."""
