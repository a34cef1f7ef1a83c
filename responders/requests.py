"""The terms of `contracts/src/BondedRequests.sol` that a manifest's numbers come to. Pure."""

from dataclasses import astuple, dataclass
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import floor

from eth_abi.abi import encode

from responders.incentives import Terms
from responders.reverts import selector
from schemas.errors import ConfigurationError
from schemas.watchers import Watchers

COIN = 10**18
"""Smallest units of a chain's coin."""

_TERMS = "(uint128,uint128,uint64,uint64,uint16)"
_LARGEST = 2**128
_WHOLE = 10_000


@dataclass(frozen=True, slots=True)
class RequestTerms:
    """`BondedRequests.Terms`, in its order."""

    bond: int
    """In the smallest unit of the coin, as is the reward."""
    reward: int
    window: int
    ruling: int
    """In seconds, as is the window."""
    share: int
    """Of 10,000."""

    @property
    def set_terms(self) -> str:
        """The calldata with which the owner sets them."""
        return selector(f"setTerms({_TERMS})") + encode([_TERMS], [astuple(self)]).hex()

    def constructor(self, safe: str, arbiter: str) -> str:
        """Return the encoded arguments that a creation has behind the code."""
        arguments = [safe, arbiter, astuple(self)]
        return "0x" + encode(["address", "address", _TERMS], arguments).hex()


def on_chain(told: Watchers, terms: Terms) -> RequestTerms | None:
    """Return a bond and a reward as the contract takes them, rounded up; the challenger's share
    down, since more of it makes a false request cheaper. None where the coin has no price.

    Raises `ConfigurationError` where the contract could not take them.
    """
    if told.coin_price is None:
        return None
    bond, reward = (_units(amount, told.coin_price) for amount in (terms.bond, terms.reward))
    if not 0 < bond < _LARGEST or reward >= _LARGEST:
        raise ConfigurationError(
            f"a bond of {bond} and a reward of {reward} smallest units do not fit the contract: "
            f"correct coin_price"
        )
    share = floor(Fraction(told.challenger_share) * _WHOLE + Fraction(1, 10**9))
    return RequestTerms(bond, reward, told.window_seconds, told.ruling_seconds, share)


def _units(amount: float, price: Decimal) -> int:
    whole = Decimal(amount) * COIN / price
    return int(whole.to_integral_value(ROUND_CEILING))
