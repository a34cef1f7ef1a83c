"""Our OutflowBucket: less may leave, for a time that is fixed as it begins.

`tighten` takes the smaller of each limit and the later end, so it can be repeated, come late or out
of order and widens nothing. After its time the limits return by themselves along the owner's ramp;
the level by nothing but its refill.
"""

from typing import Annotated, NamedTuple

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
"""As which a bucket knows the chain's own coin."""

Value = Annotated[int, Field(ge=0, lt=2**128)]
"""In the bucket's unit of value."""


class Standing(NamedTuple):
    """How an asset's bucket is set, in its unit of value."""

    limits: Limits
    """Now."""
    lasting: Limits
    """The owner's, to which it returns."""
    seconds: int
    """For which the limits stand before they begin to return."""


def asset_of(token: str) -> str:
    """Return the address as which a bucket knows a token."""
    return _ZERO if token == NATIVE else token


def standing(chain: Chain, bucket: str, asset: str, block: int) -> Standing | None:
    """Ask a bucket how an asset's is set after a block; None where it does not say.

    Raises `TransientError` when no node answers.
    """
    limits, healing = (
        words(chain, bucket, called(question, asset), block)
        for question in ("limits(address)", "healing(address)")
    )
    if len(limits) != 2 or len(healing) != 4:
        return None
    seconds, _, *lasting = healing
    return Standing(Limits(*limits), Limits(*lasting), seconds)


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
        self._asset = asset
        self._wanted = limits

    def probe(self, block: int) -> Condition:
        """Ask for the limits: braked when they are no wider than these, and stand."""
        found = standing(self.chain, self.deed.target, self._asset, block)
        if found is None:
            return Condition.UNKNOWN
        lasts = found.seconds > 0 or self._within(found.lasting)
        return Condition.of(int(self._within(found.limits) and lasts))

    def _within(self, limits: Limits) -> bool:
        return limits == limits.narrower(self._wanted)


def build(brake: Brake, chain: Chain) -> Outflow:
    """Make the tightening that a manifest asks for."""
    parameters = told(brake, Tightening)
    asset = asset_of(parameters.asset)
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
