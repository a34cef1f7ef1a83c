"""Our OutflowBucket: less may leave, for a time that is fixed as it begins.

`tighten` takes the smaller of each limit and the later end, so it can be repeated, come late or out
of order and widens nothing. After its time the limits return by themselves along the owner's ramp;
the level by nothing but its refill.
"""

from typing import Annotated

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, words
from responders.adapters.family import Deed, Family, told
from responders.bucket import Limits
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress
from schemas.units import NATIVE

MAX_SECONDS = 30 * 86_400
"""The bucket's own limit."""

_ZERO = "0x" + "00" * 20

Value = Annotated[int, Field(ge=0, lt=2**128)]
"""In the bucket's unit of value."""


class Tightening(Parameters):
    """How far to tighten, and for how long."""

    asset: LowerAddress | Annotated[str, Field(pattern=f"^{NATIVE}$")]
    capacity: Value
    rate: Value
    """What comes back each second."""
    seconds: Annotated[int, Field(gt=0, le=MAX_SECONDS)]


class Outflow(Family):
    """Tightens one asset's bucket."""

    def __init__(self, chain: Chain, deed: Deed, asset: str, limits: Limits) -> None:
        super().__init__(chain, deed)
        self._limits = called("limits(address)", asset)
        self._healing = called("healing(address)", asset)
        self._wanted = limits

    def probe(self, block: int) -> Condition:
        """Ask for the limits: braked when they are no wider than these, and stand."""
        limits = words(self.chain, self.deed.target, self._limits, block)
        healing = words(self.chain, self.deed.target, self._healing, block)
        if len(limits) != 2 or len(healing) != 4:
            return Condition.UNKNOWN
        stand, _, *widest = healing
        held = self._within(limits) and (stand > 0 or self._within(widest))
        return Condition.of(int(held))

    def _within(self, limits: tuple[int, ...] | list[int]) -> bool:
        found = Limits(*limits)
        return found == found.narrower(self._wanted)


def build(brake: Brake, chain: Chain) -> Outflow:
    """Make the tightening that a manifest asks for."""
    parameters = told(brake, Tightening)
    asset = _ZERO if parameters.asset == NATIVE else parameters.asset
    wanted = Limits(parameters.capacity, parameters.rate)
    deed = Deed(
        target=brake.target,
        calldata=called(
            "tighten(address,uint128,uint128,uint64)", asset, *wanted, parameters.seconds
        ),
        also_stops=AlsoStops(
            "withdrawals of this asset beyond the limits",
            frozenset({Activity.WITHDRAWAL, Activity.BORROWING}),
        ),
        release="the end of its time, or the bucket's Safe, along the ramp either way",
        lapses_after=parameters.seconds,
        errors={
            selector("MayNotTighten()"): "the account may not tighten",
            selector("NotListed()"): "the bucket has no such asset",
        },
    )
    return Outflow(chain, deed, asset, wanted)
