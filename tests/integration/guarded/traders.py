"""People who trade perpetual futures, a keeper who tells prices, a maker of pools, a liquidator."""

import math
import random
from collections.abc import Sequence

from sandbox.evm import ETHER, Call
from schemas.chain import Price
from schemas.ids import content_id
from schemas.manifest import Manifest
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.perpetuals import DOLLAR, KINDS, START, Perpetuals

FINALITY = 64
"""Blocks, as on Ethereum: what happens within a crash is not learned while it lasts."""


class Traders:
    """Two pairs and everybody on them. What is random has a seed."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.theatre, self.stage = guarded, guarded.theatre, guarded.stage
        self.people, self.thief = self.theatre.people(12), self.theatre.thief
        self.maker, self.liquidator = map(self.theatre.person, ("maker", "liquidator"))
        everybody = (*self.people, self.thief, self.maker, self.liquidator)
        self.perps = Perpetuals(self.stage, everybody)
        self.perps.endow(self.maker)
        self.level = 1.0
        """Of all prices, against what they were at first."""
        self._dice = random.Random(38)
        self._block = 0

    def watched(self, detectors: Sequence[str]) -> Manifest:
        """Watch both pairs, with a brake for each that takes two witnesses."""
        listed = self.perps.listed.values()
        roles = {
            "vault": [one.market for one in listed],
            "oracle": [one.feed for one in listed],
            "pair": [one.pair for one in listed],
        }
        self.perps.let_halt(self.guarded.gate.address)
        self.perps.hand_over()
        brakes = tuple(
            self.guarded.through_gate(self.perps.brake(name), alone=False) for name in START
        )
        more = self.perps.manifest(brakes)
        return self.theatre.watch(roles, detectors, brakes, ("oracle", "pair"), FINALITY, **more)

    def call(self, name: str, what: str, *arguments: object) -> Call:
        """Return a call of a pair's market."""
        return self.perps.listed[name].market.call(what, *arguments)

    def opens(self, name: str) -> list[bool]:
        """Say of everybody who holds nothing of a pair whether he could open a position now."""
        call = self.call(name, "increase", ETHER // 100, 100 * DOLLAR)
        idle = [one for one in self.people if not self.perps.size(name, one)]
        return [self.stage.works(one, call) for one in idle]

    def price(self, name: str) -> float:
        """Return what everybody thinks that a pair is worth now, in dollars."""
        phase = self._block / 7 if name == "clover" else 1 + self._block / 9
        return START[name] * self.level * (1 + 0.045 * math.sin(phase))

    def next_block(self) -> tuple[list[Price], list[Act]]:
        """Let the market move; return what is told of it, and who tells it on chain: each feed is
        told by its keeper, and the pool follows."""
        self._block += 1
        told: list[Act] = []
        for name in START:
            price = self._near(name, 5e-4)
            told.append((self.theatre.keeper, self.perps.told(name, price)))
            told.append((self.maker, self.perps.swapped(name, price, self.maker.address)))
        now = self.stage.hands.timestamp()
        bars = [
            _bar(f"{kind}-{name}", self._near(name, 3e-4), now) for name in START for kind in KINDS
        ]
        return bars, told

    def _near(self, name: str, spread: float) -> float:
        return self.price(name) * (1 + self._dice.gauss(0, spread))

    def trades(self) -> list[Act]:
        """Let some people open, widen, narrow and close; half of them, all long, are reckless."""
        acts: list[Act] = []
        for number, one in enumerate(self.people):
            name = "clover" if number % 2 else "barley"
            side = 1 if number % 4 < 2 else -1
            turn, worth = (self._block + number) % 12, self._dice.randint(2_000, 12_000)
            share = self._dice.randint(108, 115) if side > 0 else 160 + 20 * number
            units, margin = side * worth * ETHER // START[name], worth * DOLLAR * share // 1_000
            held = abs(self.perps.size(name, one)) if turn in (4, 10) else 0
            wanted = {
                0: self.call(name, "increase", units, margin),
                2: self.call(name, "increase", units // 4, margin // 4),
                4: self.call(name, "decrease", held // 3),
                6: self.call(name, "addMargin", margin // 20),
                7: self.call(name, "removeMargin", margin // 20),
                10: self.call(name, "decrease", held),
            }.get(turn)
            if wanted and self.stage.works(one, wanted):
                acts.append((one, wanted))
        return acts

    def liquidations(self) -> list[Act]:
        """Return the liquidations that would work now."""
        calls = [self.call(name, "liquidate", one.address) for name in START for one in self.people]
        by = self.liquidator
        return [(by, call) for call in calls if self.stage.works(by, call)]

    def live(self, blocks: int) -> list[object]:
        """Let ordinary life go on, in which nothing fails; return what is said of it."""
        said: list[object] = []
        for _ in range(blocks):
            bars, told = self.next_block()
            self.guarded.hear(*bars)
            said += self.theatre.play(*told)
            forced = self.liquidations() if self._block % 4 == 0 else []
            said += self.theatre.play(*self.trades(), *forced)
        return said

    def saving(self, name: str) -> dict[str, bool]:
        """Say what of that which saves somebody works on a pair now, tried by all who hold it."""
        holders = [one for one in self.people if self.perps.size(name, one)]
        amounts = {"addMargin": DOLLAR, "removeMargin": DOLLAR}
        found = {
            what: any(self.stage.works(one, self.call(name, what, amount)) for one in holders)
            for what, amount in amounts.items()
        }
        closing = [self.call(name, "decrease", abs(self.perps.size(name, one))) for one in holders]
        every = zip(holders, closing, strict=True)
        return found | {"closing": all(self.stage.works(one, call) for one, call in every)}


def _bar(market: str, price: float, now: int) -> Price:
    told = f"{price:.6f}"
    return Price(
        id=content_id("bar", market, now), market=market, base=market.partition("-")[2],
        quote="AUSD", timestamp=now, open=told, high=told, low=told, close=told, volume="1000",
    )  # fmt: skip
