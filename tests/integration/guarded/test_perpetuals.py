"""A crash and a bent oracle on perpetual futures: told apart, and one pair alone is halted.

The market and its margin engine are ours (`PerpMarket`), because no package has one compiled; its
feeds say what they are told. The pools are Uniswap V2 as its package has it.
"""

import math
import random

import pytest

from runtime.settings import ACTS, CORE
from sandbox.evm import ETHER, Account, Call
from schemas.chain import Price
from schemas.ids import content_id
from schemas.manifest import Manifest
from tests.integration.detectors.theatre import Act, raised_by
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.perpetuals import CAP, DOLLAR, START, Perpetuals
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

FINALITY = 64
"""Blocks, as on Ethereum."""
LIFE = 60
"""Blocks of ordinary life before anything happens."""
CRASH = 12
"""Blocks, two minutes and a half, in which everything falls by 15%."""
SLICES = 8
"""In which the thief closes."""
SAVING = "decrease", "addMargin", "removeMargin"
"""What saves a trader."""


class Days:
    """People who trade two pairs, a keeper who tells their prices, and who liquidates."""

    def __init__(self, guarded: Guarded) -> None:
        self.guarded, self.theatre = guarded, guarded.theatre
        self.people = self.theatre.people(12)
        self.thief = self.theatre.thief
        self.maker, self.liquidator = self.theatre.person("maker"), self.theatre.person("cid")
        everybody = [*self.people, self.thief, self.maker, self.liquidator]
        self.perps = Perpetuals(guarded.stage, everybody)
        self.perps.endow(self.maker)
        self.dice = random.Random(38)
        self.block = 0
        self.level = 1.0

    def watched(self) -> Manifest:
        """Watch both pairs, with a brake for each, of which none is pulled by one detector."""
        perps, listed = self.perps, self.perps.listed
        roles = {
            "vault": [one.market for one in listed.values()],
            "oracle": [one.feed for one in listed.values()],
            "pair": [one.pair for one in listed.values()],
        }
        brakes = tuple(
            self.guarded.through_gate(perps.brake(name), alone=False) for name in reversed(START)
        )
        return self.theatre.watch(
            roles, (*CORE, *ACTS), brakes, FINALITY, **perps.manifest(brakes)
        )

    def price(self, name: str) -> float:
        """Return what everybody thinks that a pair is worth now."""
        phase = self.block / 7 if name == "clover" else 1 + self.block / 9
        return START[name] * self.level * (1 + 0.035 * math.sin(phase))

    def works(self, who: Account, call: Call) -> bool:
        return self.guarded.stage.works(who, call)

    def call(self, name: str, what: str, *arguments: object) -> Call:
        return self.perps.listed[name].market.call(what, *arguments)

    def moves(self) -> list[Act]:
        """Let the market move: each feed is told, and the pool follows."""
        acts: list[Act] = []
        for name in START:
            price = self.price(name) * (1 + self.dice.gauss(0, 5e-4))
            acts.append((self.theatre.keeper, self.perps.told(name, price)))
            acts.append((self.maker, self.perps.swapped(name, price, self.maker.address)))
        return acts

    def trades(self) -> list[Act]:
        """Let some people open, widen, narrow and close, and somebody liquidate."""
        acts: list[Act] = []
        for number, one in enumerate(self.people):
            name = "clover" if number % 2 else "barley"
            turn = (self.block + number) % 12
            side = 1 if number % 4 < 2 else -1
            worth = self.dice.randint(2_000, 12_000)
            units = worth * ETHER // START[name]
            held = abs(self.perps.size(name, one))
            reckless = number % 3 == 0
            margin = worth * DOLLAR * (self.dice.randint(12, 14) if reckless else 18 + 2 * number) // 100
            wanted = {
                0: ("increase", side * units, margin),
                2: ("increase", side * units // 4, margin),
                4: ("decrease", held // 3),
                6: ("addMargin", margin // 4),
                7: ("removeMargin", margin // 8),
                10: ("decrease", held),
            }.get(turn)
            if wanted and self.works(one, self.call(name, *wanted)):
                acts.append((one, self.call(name, *wanted)))
        return acts

    def liquidations(self) -> list[Act]:
        """Return the liquidations that would work now."""
        calls = (
            self.call(name, "liquidate", one.address)
            for name in START
            for one in (*self.people, self.thief)
        )
        return [(self.liquidator, call) for call in calls if self.works(self.liquidator, call)]

    def bars(self) -> list[Price]:
        """Return what feeds, pools and an exchange say of this block."""
        now = self.guarded.stage.hands.timestamp()
        return [
            bar(f"{kind}-{name}", self.price(name) * (1 + self.dice.gauss(0, 3e-4)), now)
            for name in START
            for kind in ("exchange", "oracle", "pool")
        ]

    def live(self, blocks: int) -> None:
        """Let ordinary life go on."""
        for _ in range(blocks):
            self.guarded.hear(*self.bars())
            self.theatre.play(*self.moves())
            self.theatre.play(*self.trades(), *self.liquidations())
            self.block += 1


def bar(market: str, price: float, now: int) -> Price:
    told = f"{price:.6f}"
    return Price(
        id=content_id("bar", market, now), market=market, base=market.partition("-")[2],
        quote="AUSD", timestamp=now, open=told, high=told, low=told, close=told, volume="1000",
    )  # fmt: skip


SHOW=[1]
import detectors.host as H
_old=H.Host.take
def _take(self, tx):
    o,a=_old(self,tx)
    if SHOW and o and (a or o.p_value<0.02 or len(SHOW)>1): print(tx.block, tx.tx[:8], [l.name for l in tx.logs][:6], "p=%.5f"%o.p_value, {v.spec.name: round(v.rarity.p_value,5) for v in o.views if v.rarity.p_value<0.05}, bool(a))
    return o,a
H.Host.take=_take
def test_a_crash_halts_nothing_and_a_bent_oracle_halts_one_pair(
    guarded: Guarded, tally: Tally
) -> None:
    days = Days(guarded)
    manifest = days.watched()
    days.live(LIFE)
    guarded.arm(manifest)
    for step in range(CRASH):
        days.level = 1 - 0.15 * (step + 1) / CRASH
        guarded.hear(*days.bars())
        guarded.strike(*days.moves())
        guarded.strike(*days.trades(), *days.liquidations())
        days.block += 1
    days.live(10)
    host=guarded.theatre._host
    print("states after crash", guarded.states(), len(guarded.alerts))
    SHOW.append(1)
    mark=len(guarded.alerts)
    thief=days.thief
    size = SLICES * 25 * ETHER
    days.theatre.play((thief, days.call("clover", "increase", size, 60_000 * DOLLAR)))
    before = days.perps.fund("clover")
    times=[]
    for _ in range(SLICES):
        bent = days.perps.told("clover", 2 * days.price("clover"))
        t = guarded.strike((days.theatre.keeper, bent), (thief, days.call("clover", "decrease", size // SLICES)))
        print("fund", days.perps.fund("clover"), guarded.states()[-3:])
    for alert in guarded.alerts[mark:]:
        print(alert.p_value, [v.detector for v in alert.votes if v.alerted], alert.losing, alert.summary[:200])
    for a in guarded._responder.published(): print(a.state, a.reason, a.target, a.calldata[:10] if hasattr(a,'calldata') else '')
    assert 0
