"""GMX' settings: one market closed for new positions, one kind of order, or a whole market.

All of it is a key in the DataStore that the Config contract sets for a CONFIG_KEEPER:
- `openings` sets both open-interest caps of a market to 0, which is nothing, not unlimited:
  positions can be closed and are liquidated, none is opened. The narrowest halt of one pair.
- `feature` disables one kind of order of one handler, on every market. The flag of creating
  orders leaves those in flight to be executed; the flag of executing does not.
- `market` disables a market altogether. Its positions are not liquidated either then: executing
  a liquidation asks for an enabled market as well.

The same function enables again, so its keeper can release: behind a gate only these calls are
allowed.
"""

from typing import Literal, NamedTuple, Self

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from pydantic import model_validator

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

_ERRORS = {selector("Unauthorized(address,string)"): "the account is no config keeper"}

_OPENING = frozenset({Activity.TRADING, Activity.COLLATERAL})
_CLOSING = frozenset({Activity.TRADING, Activity.WITHDRAWAL})
_SWAPPING = frozenset({Activity.TRADING})

ORDERS = {
    "market-swap": (0, _SWAPPING),
    "limit-swap": (1, _SWAPPING),
    "market-increase": (2, _OPENING),
    "limit-increase": (3, _OPENING),
    "market-decrease": (4, _CLOSING),
    "limit-decrease": (5, _CLOSING),
    "stop-loss-decrease": (6, _CLOSING),
    "liquidation": (7, frozenset({Activity.LIQUIDATION})),
}
"""Each type of order, its number, and what stops with it. Collateral is added by an increase."""

_OTHERS = {"deposit": Activity.DEPOSIT, "withdrawal": Activity.WITHDRAWAL}


class Market(Parameters):
    """One market: closed for new positions, or altogether."""

    does: Literal["openings", "market"]
    market: LowerAddress
    """Its market token."""


class Feature(Parameters):
    """One kind of order, deposit or withdrawal."""

    does: Literal["feature"]
    feature: Literal[
        "create-order", "execute-order", "update-order",
        "create-deposit", "execute-deposit", "create-withdrawal", "execute-withdrawal",
    ]  # fmt: skip
    module: LowerAddress
    """The handler whose feature it is."""
    order: Literal[
        "market-swap", "limit-swap", "market-increase", "limit-increase",
        "market-decrease", "limit-decrease", "stop-loss-decrease", "liquidation",
    ] | None = None  # fmt: skip

    @model_validator(mode="after")
    def _orders_have_types(self) -> Self:
        if self.feature.endswith("-order") is (self.order is None):
            raise ValueError("name the type of order for an order's feature, and only for one")
        return self


class _Flag(NamedTuple):
    """A key that Config sets, in its two parts."""

    base: bytes
    data: bytes

    @property
    def key(self) -> bytes:
        return keccak(self.base + self.data)


class Gmx(Family):
    """Sets some keys to one value."""

    def __init__(self, chain: Chain, deed: Deed, questions: tuple[str, ...], braked: int) -> None:
        super().__init__(chain, deed)
        self._questions = questions
        self._braked = braked

    def probe(self, block: int) -> Condition:
        """Ask the DataStore that Config names: braked when every key has its value."""
        store = word(self.chain, self.deed.target, called("dataStore()"), block)
        if store is None or store >> 160:
            return Condition.UNKNOWN
        found = [word(self.chain, f"0x{store:040x}", ask, block) for ask in self._questions]
        if None in found:
            return Condition.UNKNOWN
        return Condition.of(int(all(value == self._braked for value in found)))


def build(brake: Brake, chain: Chain) -> Gmx:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Market | Feature], ...] = (Market, Feature)
    parameters = told(brake, *models)
    if isinstance(parameters, Feature):
        return _feature(brake, chain, parameters)
    if parameters.does == "openings":
        return _openings(brake, chain, parameters.market)
    flag = _flag("IS_MARKET_DISABLED", ["address"], parameters.market)
    stops = AlsoStops("everything on this market, liquidation with it", EVERYTHING)
    return _flagged(brake, chain, flag, stops)


def _openings(brake: Brake, chain: Chain, market: str) -> Gmx:
    types = ["address", "bool"]
    sides = [_flag("MAX_OPEN_INTEREST", types, market, is_long) for is_long in (True, False)]
    calls = [_set("setUint(bytes32,bytes,uint256)", side, 0) for side in sides]
    stops = AlsoStops("opening and widening positions on this market", _OPENING)
    deed = _deed(brake, called("multicall(bytes[])", calls), stops)
    return Gmx(chain, deed, tuple(called("getUint(bytes32)", side.key) for side in sides), 0)


def _feature(brake: Brake, chain: Chain, parameters: Feature) -> Gmx:
    name = parameters.feature.upper().replace("-", "_") + "_FEATURE_DISABLED"
    if parameters.order is not None:
        number, stopped = ORDERS[parameters.order]
        flag = _flag(name, ["address", "uint256"], parameters.module, number)
    else:
        stopped = frozenset({_OTHERS[parameters.feature.rpartition("-")[2]]})
        flag = _flag(name, ["address"], parameters.module)
    what = f"{parameters.feature} {parameters.order or ''}".rstrip()
    return _flagged(brake, chain, flag, AlsoStops(f"{what} on every market", stopped))


def _flagged(brake: Brake, chain: Chain, flag: _Flag, stops: AlsoStops) -> Gmx:
    deed = _deed(brake, "0x" + _set("setBool(bytes32,bytes,bool)", flag, 1).hex(), stops)
    return Gmx(chain, deed, (called("getBool(bytes32)", flag.key),), 1)


def _deed(brake: Brake, calldata: str, stops: AlsoStops) -> Deed:
    return Deed(
        target=brake.target,
        calldata=calldata,
        also_stops=stops,
        release=f"the config keepers of {brake.target}",
        errors=_ERRORS,
    )


def _flag(name: str, types: list[str], *arguments: object) -> _Flag:
    return _Flag(keccak(encode(["string"], [name])), encode(types, arguments))


def _set(function: str, flag: _Flag, value: int) -> bytes:
    given = bool(value) if function.endswith("bool)") else value
    return bytes.fromhex(called(function, *flag, given)[2:])
