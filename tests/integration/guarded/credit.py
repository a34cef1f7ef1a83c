"""Aave V3 with its own oracle, on feeds that whoever needs a price brings up to date.

Beside it are pools of Uniswap V2 that have the same price.
"""

from decimal import Decimal

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from schemas.loss import Asset, Cut, Loss
from schemas.manifest import Brake, Limits, Manifest, TokenInfo
from tests.contract.exhibits import aave as aave_v3
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.lending import DOLLAR, Lending
from tests.integration.guarded.pools import Pools

FINALITY = 16
"""Blocks: what happens within a crash is not learned while it lasts."""
DEEP = 5 * 10**6 * ETHER
NAMES = "barley", "clover"


class Credit:
    """Acres are lent against barley and against clover. An acre is a dollar."""

    def __init__(self, guarded: Guarded) -> None:
        self._guarded, self.theatre, self.stage = guarded, guarded.theatre, guarded.stage
        self.lending = Lending(guarded)
        self.acre, self.keeper = self.lending.acre, self.theatre.keeper
        self.maker = self.theatre.person("maker")
        others = self.lending.barley, self.lending.listed("Clover")
        self.tokens = dict(zip(NAMES, others, strict=True))
        self.feeds = {name: self.stage.deployer.create("ToyFeed") for name in NAMES}
        self.stage.deployer.settle()
        self.endow(self.maker, 100 * DEEP)
        self.pools = Pools.created(self.stage)
        self.pairs = {
            name: self.pools.opened(self.maker, token, self.acre, DEEP, DEEP)
            for name, token in self.tokens.items()
        }
        self._ask_feeds()

    def endow(self, one: Account, amount: int) -> None:
        """Give somebody so much of each token, which Aave may take."""
        for token in (self.acre, *self.tokens.values()):
            approved = token.call("approve", self.lending.aave.pool.address, FOREVER)
            self.stage.do(one, token.call("mint", amount), approved)

    def _ask_feeds(self) -> None:
        """Let Aave's own oracle say what the feeds say, in acres."""
        lending, assets = self.lending, [token.address for token in self.tokens.values()]
        feeds = [feed.address for feed in self.feeds.values()]
        nobody, provider = "0x" + "00" * 20, lending.provider.address
        terms = provider, assets, feeds, nobody, self.acre.address, DOLLAR
        self.oracle = aave_v3.create(self.stage, "misc/AaveOracle", *terms)
        self.stage.deployer.settle()
        self.stage.do(self.keeper, *(self.brings(name, 1.0) for name in NAMES))
        chosen = lending.provider.call("setPriceOracle", self.oracle.address)
        self.stage.do(self.stage.people, chosen)

    def watched(self, detectors: tuple[str, ...]) -> Manifest:
        """Watch it all, with a brake for each of the two that takes two witnesses; then a Safe
        governs."""
        lending = self.lending
        kept = {name: lending.kept_in(token) for name, token in self.tokens.items()}
        brakes = tuple(self._brake(name, kept[name].lower()) for name in NAMES)
        lending.hand_over()
        holders = [
            Contract(address, self.acre.interface)
            for address in (lending.kept_in(self.acre), *kept.values())
        ]
        roles = {
            "pool": [lending.aave.pool],
            "vault": holders,
            "oracle": list(self.feeds.values()),
            "pair": list(self.pairs.values()),
        }
        return self.theatre.watch(
            roles,
            detectors,
            brakes,
            ("oracle", "pair"),
            FINALITY,
            tokens=tuple(
                TokenInfo(address=token.address.lower(), symbol=name, decimals=18)
                for name, token in self.tokens.items()
            ),
            assets=tuple(
                Asset(
                    token=name,
                    price=Decimal(1),
                    allowable=Decimal(20_000),
                    loss_per_second=Decimal(2_000),
                )
                for name in NAMES
            ),
            limits=Limits(narrow_brakes_per_window=4, cooldown_seconds=0),
            loss=Loss(detect_seconds=1, decide_seconds=1, include_seconds=24),
            cuts=tuple(Cut(brake=f"pause-{name}", halts=kept[name].lower()) for name in NAMES),
        )

    def _brake(self, name: str, kept: str) -> Brake:
        """Return what pauses one reserve, for what is done to it or to its price."""
        made = self.lending.brake(self._guarded, "pause", self.tokens[name], alone=False)
        guards = self.feeds[name].address.lower(), kept
        return made.model_copy(update={"name": f"pause-{name}", "guards": guards})

    def brings(self, name: str, price: float) -> Call:
        """Return the call by which somebody brings a feed up to date."""
        return self.feeds[name].call("set", int(price * DOLLAR), 1)

    def follows(self, name: str, price: float) -> Call:
        """Return the maker's swap that brings a pool to a price."""
        sides = self.pairs[name], self.tokens[name], self.acre
        return self.pools.swapped(*sides, int(price * ETHER), self.maker.address)

    def asks_another(self, name: str, price: float) -> Call:
        """Return the call that has the oracle ask another feed for a token."""
        feed = self.stage.deployer.create("ToyFeed")
        self.stage.deployer.settle()
        self.stage.do(self.keeper, feed.call("set", int(price * DOLLAR), 1))
        return self.oracle.call("setAssetSources", [self.tokens[name].address], [feed.address])
