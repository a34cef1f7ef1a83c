"""What a manifest may say for whoever underwrites the protocol: docs/underwriting.md."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from schemas.strict import LowerAddress, Money, Strict


class Underwriting(Strict):
    """How busy the protocol is, how much cover is asked for, where its risk is told on chain, and
    what is turned by it."""

    transactions_per_day: Annotated[float, Field(gt=0, le=1e9)] = 1000.0
    """About so many touch it; each is one chance for a false alert."""
    cover: Money | None = None
    """What the suggested price is for, in `[halt]`'s currency; without it, all that is held."""
    dollars: Annotated[Decimal, Field(gt=0)] = Decimal(1)
    """What one unit of that currency is worth in US dollars, in which risk is told."""
    feed: LowerAddress | None = None
    """The protocol's `RiskFeed` on its chain."""
    dials: Annotated[tuple[LowerAddress, ...], Field(max_length=8)] = ()
    """`RiskDial`s and `AaveDial`s on its chain that the risk service turns when a turn is due."""
