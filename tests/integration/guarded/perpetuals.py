"""Perpetual futures of ours on pairs of tokens, each priced by a feed, beside real Uniswap V2."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from schemas.loss import Asset, Cut, Loss
from schemas.manifest import Brake, Limits, Market, TokenInfo
from tests.contract import safes
from tests.contract.stage import ALLOWED, Stage
from tests.integration.guarded.pools import Pools

DOLLAR = 10**6
"""Of the quote, which has as many decimals as the feeds."""
START = {"clover": 1_000, "barley": 50}
"""Dollars for each of them at first."""
FUND, LIQUIDITY, CAP, WEALTH = (n * DOLLAR for n in (200_000, 5_000_000, 2_000_000, 1_000_000))

KINDS: tuple[Literal["exchange", "oracle", "pool"], ...] = "exchange", "oracle", "pool"
"""Of markets that price each of them."""

_INTEREST = keccak(encode(["string"], ["MAX_OPEN_INTEREST"]))


@dataclass(frozen=True, slots=True)
class Listed:
    """One pair: where it is traded, and where its price comes from."""

    base: Contract
    feed: Contract
    pair: Contract
    market: Contract


class Perpetuals:
    """Two pairs, and settings that say what may be open on each; the people own it, until they hand
    it over."""

    def __init__(self, stage: Stage, traders: Sequence[Account]) -> None:
        self.stage = stage
        deployer, me = stage.deployer, stage.people.address
        self.quote = deployer.create("ToyERC20", "Acre Dollar", "AUSD", 6, 10**9 * DOLLAR)
        self.pools = Pools.created(stage)
        self.router = self.pools.router
        self.settings = deployer.create("FlaggedMarkets")
        deployer.settle()
        self.safe = safes.new_safe(stage)
        stage.do(
            stage.people,
            self.settings.call("setConfigKeeper", me, ALLOWED),
        )
        self.listed = {name: self._listed(name) for name in START}
        for one in traders:
            stage.do(stage.people, self.quote.call("transfer", one.address, WEALTH))
            markets = (listed.market for listed in self.listed.values())
            stage.do(one, *(self.quote.call("approve", m.address, FOREVER) for m in markets))

    def _listed(self, name: str) -> Listed:
        stage, quote = self.stage, self.quote
        price = START[name]
        amounts = LIQUIDITY // DOLLAR * ETHER // price, LIQUIDITY
        base = stage.deployer.create("ToyERC20", name.title(), name[:3].upper(), 18, 10**9 * ETHER)
        feed = stage.deployer.create("ToyFeed")
        stage.deployer.settle()
        stage.do(stage.people, feed.call("set", price * DOLLAR, 1))
        pair = self.pools.opened(stage.people, base, quote, *amounts)
        store = stage.hands.read(self.settings, "dataStore")[0]
        market = stage.deployer.create(
            "PerpMarket", quote.address, base.address, feed.address, pair.address, store
        )
        stage.deployer.settle()
        stage.do(
            stage.people,
            self.capped(market, CAP),
            quote.call("approve", market.address, FOREVER),
            market.call("insure", FUND),
        )
        return Listed(base, feed, pair, market)

    def capped(self, market: Contract, cap: int) -> Call:
        """Return the call by which people cap both sides of a market; 0 halts it."""
        sides = [
            encode(["address", "bool"], [market.address, is_long]) for is_long in (True, False)
        ]
        encode_one = self.settings.interface.encode
        calls = [encode_one("setUint", _INTEREST, side, cap) for side in sides]
        return self.settings.call("multicall", calls)

    def capped_at(self, name: str, cap: int) -> Call:
        """Return `capped` of a pair's market."""
        return self.capped(self.listed[name].market, cap)

    def let_halt(self, account: str) -> None:
        """Let somebody change the settings."""
        self.stage.do(self.stage.people, self.settings.call("setConfigKeeper", account, ALLOWED))

    def hand_over(self) -> None:
        """Let a Safe be the only config keeper, beside the gate."""
        self.let_halt(self.safe.address)
        dismissed = self.settings.call("setConfigKeeper", self.stage.people.address, not ALLOWED)
        self.stage.do(self.stage.people, dismissed)

    def govern(self, call: Call) -> None:
        """Let both owners sign, and the Safe do it."""
        safes.by_owners(self.stage, self.safe, call)

    def brake(self, name: str) -> Brake:
        """Return the brake that halts one pair."""
        return Brake.model_validate(
            {
                "name": f"halt-{name}",
                "adapter": "gmx",
                "target": self.settings.address,
                "scope": "T1",
                "parameters": {"does": "openings", "market": self.listed[name].market.address},
            }
        )

    def manifest(self, brakes: Sequence[Brake]) -> dict[str, Any]:
        """Return what a manifest says of it beside contracts and brakes."""
        quote = self.quote.address.lower()
        held = {brake.name: self.listed[brake.name.removeprefix("halt-")] for brake in brakes}
        return {
            "tokens": (TokenInfo(address=quote, symbol="AUSD", decimals=6),),
            "assets": (
                Asset(
                    token="AUSD",
                    price=Decimal(1),
                    allowable=Decimal(50_000),
                    loss_per_second=Decimal(5_000),
                ),
            ),
            "limits": Limits(narrow_brakes_per_window=4, cooldown_seconds=0),
            "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=24),
            "cuts": tuple(
                Cut(brake=name, halts=one.market.address.lower()) for name, one in held.items()
            ),
            "markets": tuple(
                Market(market=f"{kind}-{name}", asset=name, kind=kind)
                for name in self.listed
                for kind in KINDS
            ),
        }

    def endow(self, maker: Account) -> None:
        """Give somebody the means to keep the pools at the market's price."""
        tokens = self.quote, *(one.base for one in self.listed.values())
        amounts = 100 * LIQUIDITY, *[10**7 * ETHER] * len(self.listed)
        for token, amount in zip(tokens, amounts, strict=True):
            self.stage.do(self.stage.people, token.call("transfer", maker.address, amount))
            self.stage.do(maker, token.call("approve", self.router.address, FOREVER))

    def told(self, name: str, price: float) -> Call:
        """Return the call by which a feed tells a price, in dollars."""
        return self.listed[name].feed.call("set", int(price * DOLLAR), 1)

    def swapped(self, name: str, price: float, trader: str) -> Call:
        """Return the swap that brings the pool to a price, but for its fee."""
        listed = self.listed[name]
        told = int(price * DOLLAR)
        return self.pools.swapped(listed.pair, listed.base, self.quote, told, trader)

    def fund(self, name: str) -> int:
        """Return what a market's gains are paid from."""
        return int(self.stage.hands.read(self.listed[name].market, "fund")[0])

    def size(self, name: str, trader: Account) -> int:
        """Return what somebody holds."""
        market = self.listed[name].market
        return int(self.stage.hands.read(market, "positions", trader.address)[0])
