"""Chainlink CCIP: a curse on a chain, and the rate limits of a token pool.

`curse` curses one subject: the messages of one chain, or of all. RMN 2 skips what is cursed
already; RMNRemote 1.6 refuses the whole list then, so a brake has one subject.

`rate-limit` narrows what a pool lets through to and from a chain, at once. The call sets both
directions absolutely, and a limit that is not enabled is none: so it always enables, and takes the
smaller of what the manifest says and what is in force. A gate allows the manifest's call alone and
refuses where that would widen anything.
"""

from typing import Annotated, Literal, NamedTuple, Self

from eth_abi.abi import encode
from pydantic import Field, model_validator

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, words
from responders.adapters.family import Deed, Family, told
from responders.adapters.flags import Flagged
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters

GLOBAL = 0x01000000000000000000000000000001
"""The subject that curses every chain."""

_CROSSING = frozenset({Activity.DEPOSIT, Activity.WITHDRAWAL, Activity.TRANSFER})
_SET = "setChainRateLimiterConfig(uint64,(bool,uint128,uint128),(bool,uint128,uint128))"
_WAYS = (
    "getCurrentOutboundRateLimiterState(uint64)",
    "getCurrentInboundRateLimiterState(uint64)",
)

Selector = Annotated[int, Field(ge=1, lt=2**64)]
"""A chain, as CCIP names it."""
Amount = Annotated[int, Field(ge=1, lt=2**128)]
"""In the token's smallest unit."""


class Cursing(Parameters):
    """Whom to curse."""

    does: Literal["curse"]
    chain_selector: Selector | None = None
    """None: every chain."""


class Narrowing(Parameters):
    """How much a pool may let through, in each direction."""

    does: Literal["rate-limit"]
    chain_selector: Selector
    capacity: Annotated[int, Field(ge=2, lt=2**128)]
    """The most at once, in the token's smallest unit."""
    rate: Amount
    """What comes back each second; pools want it to be above 0 and below the capacity."""

    @model_validator(mode="after")
    def _taken_by_pools(self) -> Self:
        if self.rate >= self.capacity:
            raise ValueError("a pool refuses a rate that is not below the capacity")
        return self


class _Limit(NamedTuple):
    capacity: int
    rate: int


class RateLimit(Family):
    """Narrows one pool's limits for one chain."""

    def __init__(self, chain: Chain, deed: Deed, selector_: int, limit: _Limit) -> None:
        super().__init__(chain, deed)
        self._questions = tuple(called(way, selector_) for way in _WAYS)
        self._selector = selector_
        self._limit = limit

    def probe(self, block: int) -> Condition:
        """Ask for both limits: braked when each is enabled and no wider than the manifest's."""
        found = self._limits(block)
        if found is None:
            return Condition.UNKNOWN
        return Condition.of(int(all(limit == _narrower(limit, self._limit) for limit in found)))

    def calldata(self, block: int | None) -> str:
        """Return the call that leaves whatever is narrower already."""
        found = self._limits(block) or (None, None)
        return _setting(self._selector, *(_narrower(limit, self._limit) for limit in found))

    def undone(self, block: int) -> str:
        """Say whether a limit is wider than before: somebody else narrowed it meanwhile."""
        before, after = self._limits(block - 1), self._limits(block)
        if before is None or after is None:
            return ""
        widened = any(
            was is not None and now != _narrower(was, now or was)
            for was, now in zip(before, after, strict=True)
        )
        return "it widened a limit that was narrowed at the same time" if widened else ""

    def _limits(self, block: int | None) -> tuple[_Limit | None, _Limit | None] | None:
        """Return what is in force each way, None for no limit; None when the pool does not say."""
        outbound, inbound = (
            words(self.chain, self.deed.target, question, block) for question in self._questions
        )
        if len(outbound) != 5 or len(inbound) != 5:
            return None
        return _limit(outbound), _limit(inbound)


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Cursing | Narrowing], ...] = (Cursing, Narrowing)
    parameters = told(brake, *models)
    if isinstance(parameters, Narrowing):
        return _rate_limit(brake, chain, parameters)
    selector_ = parameters.chain_selector
    subject = (GLOBAL if selector_ is None else selector_).to_bytes(16)
    whom = "every chain" if selector_ is None else f"chain {selector_}"
    deed = Deed(
        target=brake.target,
        calldata=called("curse(bytes16[])", [subject]),
        also_stops=AlsoStops(f"every message to and from {whom}, of every token", _CROSSING),
        release=f"the owner of {brake.target}, by uncurse",
        errors={selector("UnauthorizedCaller(address)"): "the account may not curse"},
        already=frozenset({selector("AlreadyCursed(bytes16)")}),
    )
    return Flagged(chain, deed, called("isCursed(bytes16)", subject))


def _rate_limit(brake: Brake, chain: Chain, parameters: Narrowing) -> RateLimit:
    limit = _Limit(parameters.capacity, parameters.rate)
    deed = Deed(
        target=brake.target,
        calldata=_setting(parameters.chain_selector, limit, limit),
        also_stops=AlsoStops("transfers of this token beyond the limits", _CROSSING),
        release=f"the owner and the rate-limit admin of {brake.target}",
        errors={selector("Unauthorized(address)"): "the account is not the rate-limit admin"},
    )
    return RateLimit(chain, deed, parameters.chain_selector, limit)


def _narrower(one: _Limit | None, other: _Limit) -> _Limit:
    if one is None:
        return other
    return _Limit(min(one.capacity, other.capacity), min(one.rate, other.rate))


def _limit(state: tuple[int, ...]) -> _Limit | None:
    """Read a pool's bucket: level, time, whether it is enabled, capacity, rate."""
    return _Limit(*state[3:]) if state[2] else None


def _setting(selector_: int, outbound: _Limit, inbound: _Limit) -> str:
    direction = "(bool,uint128,uint128)"
    values = [selector_, (True, *outbound), (True, *inbound)]
    return selector(_SET) + encode(["uint64", direction, direction], values).hex()
