"""What a manifest may say of watchers from outside, who post bonded requests to halt.

Money is in the currency of `[halt]`. What is made of it: docs/incentives.md.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from schemas.strict import Money, Share, Strict

Span = Annotated[int, Field(ge=600, le=1_209_600)]
"""Ten minutes to fourteen days, the bounds of `contracts/src/BondedRequests.sol`."""


class Watchers(Strict):
    """What watching costs and what misusing it gains; a period is whatever all of it is told for,
    a month say."""

    attack_probability: Share
    """That there is an attack within a period."""
    watch_cost: Money
    """Of watching for a period."""
    found: Share = 0.8
    """The share of attacks that a watcher sees in time."""
    false_requests: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """The probability that an honest watcher requests a halt for nothing within a period."""
    short_profit: Money
    """What a false halt earns whoever bet on it."""
    griefing_value: Money = Decimal(0)
    """What it is worth beyond that to somebody who wishes harm."""
    slashed_watched: Share = 0.95
    """The probability that a false request is found false where another honest watcher looks."""
    slashed_alone: Share = 0.6
    """The same where nobody looks but the protocol's own people."""
    challenger_share: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """The part of a slashed bond that goes to whoever challenged; the rest goes to the harmed. A
    whole would cost nobody who challenges itself anything."""
    least_bond: Annotated[int, Field(gt=0, lt=2**128)] | None = None
    """What a request has to put up in order to be heard, in the smallest unit of the chain's coin;
    `firebreak incentives` tells it."""
    coin_price: Annotated[Decimal, Field(gt=0)] | None = None
    """What one whole coin of the chain is worth, to tell bond and reward in it."""
    window_seconds: Span = 86_400
    """How long a request may be challenged."""
    ruling_seconds: Span = 259_200
    """How much longer the arbiter may rule on one that was."""
    most_bond: Money
    """What an honest watcher can be asked to put up."""
    most_reward: Money
    """What a true request may be paid at most."""
