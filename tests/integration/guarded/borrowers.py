"""Aave V3 with its own oracle, on feeds that whoever needs a price brings up to date; who borrows
there, who liquidates, and pools of Uniswap V2 that have the same price."""

import math
import random
from decimal import Decimal

from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from schemas.loss import Asset, Cut, Loss
from schemas.manifest import Brake, Limits, Manifest, TokenInfo
from tests.contract.exhibits import aave as aave_v3
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.lending import DOLLAR, Lending
from tests.integration.guarded.pools import Pools

FINALITY = 16
"""Blocks: what happens within a crash is not learned while it lasts."""
DEEP = 5 * 10**6 * ETHER
NAMES = "barley", "clover"
RECKLESS = 3
"""Every third borrows all that he may, again and again."""
_AS_ATOKEN = False
MEANS = 3_000 * ETHER
WHOLE = ETHER
"""The health factor below which a position may be liquidated."""


class Borrowers:
    """Twelve people owe acres, half of them against barley, half against clover. An acre is a
    dollar. What is random has a seed."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.theatre, self.stage = guarded, guarded.theatre, guarded.stage
        self.lending = Lending(guarded)
        self.acre, self.people = self.lending.acre, self.lending.people
        self.thief, self.keeper = self.lending.thief, self.theatre.keeper
        self.liquidator, self.maker = map(self.theatre.person, ("liquidator", "maker"))
        self.tokens = dict(
            zip(NAMES, (self.lending.barley, self.lending.listed("Clover")), strict=True)
        )
        self.feeds = {name: self.stage.deployer.create("ToyFeed") for name in NAMES}
        self.stage.deployer.settle()
        self._endow()
        self.pools = Pools.created(self.stage)
        self.pairs = {
            name: self.pools.opened(self.maker, token, self.acre, DEEP, DEEP)
            for name, token in self.tokens.items()
        }
        self._ask_feeds()
        self.level = 1.0
        """Of all prices, against what they were at first."""
        self._dice, self._block = random.Random(3), 0
        self._open()

    def _endow(self) -> None:
        """Give everybody the means."""
        for one in (*self.people, self.thief, self.liquidator, self.maker):
            amount = 100 * DEEP if one == self.maker else DEEP
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

    def _open(self) -> None:
        """Let everybody owe something."""
        self.stage.do(self.maker, self.lending.call("supply", self.acre, DEEP, self.maker))
        for number, one in enumerate(self.people):
            worth = (80_000 + 5_000 * number) * ETHER
            share = 79 if number % RECKLESS == 0 else 50 + number
            supplied = self.lending.call("supply", self.held_by(one), worth, one)
            borrowed = self.lending.call("borrow", self.acre, worth * share // 100, one)
            self.stage.do(one, supplied, borrowed)

    def held_by(self, one: Account) -> Contract:
        """Return what somebody borrows against."""
        return self.tokens[self.kind(one)]

    def kind(self, one: Account) -> str:
        return NAMES[self.people.index(one) % 2]

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
        made = self.lending.brake(self.guarded, "pause", self.tokens[name], alone=False)
        guards = self.feeds[name].address.lower(), kept
        return made.model_copy(update={"name": f"pause-{name}", "guards": guards})

    def brings(self, name: str, price: float) -> Call:
        """Return the call by which somebody brings a feed up to date."""
        return self.feeds[name].call("set", int(price * DOLLAR), 1)

    def price(self, name: str) -> float:
        """Return what everybody thinks that a token is worth now."""
        phase = self._block / 7 if name == "barley" else 1 + self._block / 9
        return self.level * (1 + 0.045 * math.sin(phase))

    def _near(self, name: str, spread: float) -> float:
        return self.price(name) * (1 + self._dice.gauss(0, spread))

    def next_block(self) -> list[Act]:
        """Let the market move; return who tells it on chain: the keeper, and who trades."""
        self._block += 1
        told: list[Act] = []
        for name, token in self.tokens.items():
            told.append((self.keeper, self.brings(name, self._near(name, 5e-4))))
            price = int(self._near(name, 5e-4) * ETHER)
            swap = self.pools.swapped(self.pairs[name], token, self.acre, price, self.maker.address)
            told.append((self.maker, swap))
        return told

    def account(self, one: Account) -> tuple[int, ...]:
        """Return what Aave says of somebody: collateral, debt and what may be borrowed, in the
        oracle's units, two thresholds, and the health factor."""
        pool = self.lending.aave.pool
        return tuple(self.stage.hands.read(pool, "getUserAccountData", one.address))

    def dealings(self) -> list[Act]:
        """Let some supply, borrow, repay and withdraw; who is reckless borrows all he may."""
        acts: list[Act] = []
        for number, one in enumerate(self.people):
            turn, amount = (self._block + number) % 12, self._dice.randint(400, 4_000) * ETHER
            wanted = {
                0: ("supply", self.held_by(one), amount),
                2: ("borrow", self.acre, amount // 2),
                5: ("repay", self.acre, amount // 2),
                7: ("withdraw", self.held_by(one), amount),
            }.get(turn)
            if number % RECKLESS == 0 and turn % 4 == 2:
                available = self.account(one)[2] * ETHER // DOLLAR
                wanted = "borrow", self.acre, available * 98 // 100
            if (
                wanted
                and wanted[2]
                and self.stage.works(one, call := self.lending.call(*wanted, one))
            ):
                acts.append((one, call))
        return acts

    def liquidation(self, of: Account, amount: int = FOREVER) -> Call:
        """Return the call that pays somebody's debt and takes what it is owed against."""
        taken, paid = self.held_by(of).address, self.acre.address
        return self.lending.aave.pool.call(
            "liquidationCall", taken, paid, of.address, amount, _AS_ATOKEN
        )

    def liquidations(self) -> list[Act]:
        """Return what the liquidator does about who is not covered: brings the price, and takes
        over as much of a debt as he has the means for at once."""
        acts: list[Act] = []
        for one in self.people:
            if self.account(one)[5] < WHOLE:
                name = self.kind(one)
                acts.append((self.liquidator, self.brings(name, self.price(name))))
                acts.append((self.liquidator, self.liquidation(one, MEANS)))
        return acts

    def live(self, blocks: int) -> list[object]:
        """Let ordinary life go on, in which nothing fails; return what is said of it."""
        said: list[object] = []
        for _ in range(blocks):
            said += self.theatre.play(*self.next_block())
            said += self.theatre.play(*self.liquidations(), *self.dealings())
        return said

    def tried(self, *besides: Account) -> dict[tuple[str, str], list[bool]]:
        """Say what works now: by what is done, and which token is lent against, for everybody who
        lends against it, but for those `besides`."""
        found: dict[tuple[str, str], list[bool]] = {}
        for one in self.people:
            name = self.kind(one)
            for what in ("supply", "withdraw", "borrow", "repay"):
                token = self.acre if what in ("borrow", "repay") else self.tokens[name]
                if one not in besides:
                    works = self.lending.works(what, token, one)
                    found.setdefault((what, name), []).append(works)
        return found

    def tell(self) -> None:
        """Let the keeper bring both feeds up to date."""
        told = (self.brings(name, self.price(name)) for name in NAMES)
        self.stage.do(self.keeper, *told)

    def liquidated(self) -> set[str]:
        """Return who could be liquidated now, by what they lend against."""
        works, by = self.stage.works, self.liquidator
        return {self.kind(one) for one in self.people if works(by, self.liquidation(one, MEANS))}

    def asks_another(self, name: str) -> Call:
        """Return the call that has the oracle ask another feed for a token."""
        feed = self.stage.deployer.create("ToyFeed")
        self.stage.deployer.settle()
        price = int(self.price(name) * DOLLAR)
        self.stage.do(self.keeper, feed.call("set", price, 1))
        return self.oracle.call("setAssetSources", [self.tokens[name].address], [feed.address])

    def worth(self, one: Account) -> int:
        """Return what somebody has in his pockets, in acres, at what everybody thinks."""
        prices = {name: int(self.price(name) * DOLLAR) for name in NAMES}
        read = self.stage.hands.read
        held = sum(
            int(read(token, "balanceOf", one.address)[0]) * prices[name] // DOLLAR
            for name, token in self.tokens.items()
        )
        return held + int(read(self.acre, "balanceOf", one.address)[0])
