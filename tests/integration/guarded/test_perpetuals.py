"""A crash and a bent oracle on perpetual futures: told apart, and one pair alone is halted.

The market and its margin engine are ours (`PerpMarket`), because no package has one compiled; its
feeds say what they are told. The pools are Uniswap V2 as its package has it.
"""

import pytest

from runtime.settings import ACTS, CORE
from sandbox.evm import ETHER
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.perpetuals import CAP, DOLLAR, START
from tests.integration.guarded.tally import Row, Tally
from tests.integration.guarded.traders import Traders

pytestmark = pytest.mark.node

LIFE = 70
"""Blocks of ordinary life before the crash, every other one with trades."""
CRASH = 12
"""Likewise, in which everything falls by 15%: within five minutes."""
SLICES = 4
"""In which the thief closes, one a block."""


def test_a_crash_halts_nothing_and_a_bent_oracle_halts_one_pair(
    guarded: Guarded, tally: Tally
) -> None:
    traders = Traders(guarded)
    perps, thief, stage = traders.perps, traders.thief, guarded.stage
    manifest = traders.watched((*CORE, *ACTS))
    assert not traders.live(LIFE), "nothing alerts, new as the market is"
    guarded.arm(manifest)

    crash(guarded, traders)
    assert not {"authorised", "included"} & set(guarded.states()), "nobody is halted for a crash"
    for _ in range(3):
        stage.hands.mine(600)
        assert not traders.live(4)

    size = SLICES * 50 * ETHER
    stage.do(thief, traders.call("clover", "increase", size, 50_000 * DOLLAR))
    before, funds, times = perps.fund("clover"), [], []
    for _ in range(SLICES):
        bent = perps.told("clover", 2 * traders.price("clover"))
        close = traders.call("clover", "decrease", size // SLICES)
        found = guarded.strike((traders.theatre.keeper, bent), (thief, close))
        times += [found] if found else []
        funds.append(perps.fund("clover"))
    share, taken = before - funds[0], before - funds[-1]
    assert times, "the bent price was not seen"
    assert taken <= 1.05 * share, "what came before the brake is lost, nothing after"
    assert guarded.states().count("included") == 1, "one pair is halted"

    stage.hands.mine()
    opening = {name: traders.opens(name) for name in START}
    assert not any(opening["clover"])
    assert all(opening["barley"]), "the other pair is in use"
    assert all(all(traders.saving(name).values()) for name in START), "and nobody is kept in"
    assert falling(traders) == set(START), "who is not covered is liquidated on both"

    stage.do(stage.people, perps.told("clover", traders.price("clover")))
    release = perps.capped_at("clover", CAP)
    assert not stage.works(stage.people, release)
    perps.govern(release)
    assert all(traders.opens("clover")), "people released it"
    asked = [works for tried in opening.values() for works in tried]
    tally.append(
        Row(
            attack="13: a feed is bent (perpetual futures of ours, beside Uniswap V2)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken // DOLLAR,
            possible=SLICES * share // DOLLAR,
            unit="AUSD",
            brake="one pair is closed for new positions",
            goes_on="the other pair; closing, margin and liquidation on both",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe",
        )
    )


def crash(guarded: Guarded, traders: Traders) -> None:
    """Let everything fall by 15% at once: feeds, pools and exchanges."""
    liquidated = 0
    for block in range(1, CRASH + 1):
        traders.level = 1 - 0.15 * block / CRASH
        bars, told = traders.next_block()
        guarded.hear(*bars)
        guarded.strike(*told)
        forced = traders.liquidations()
        liquidated += len(forced)
        guarded.strike(*traders.trades(), *forced)
    assert liquidated >= 3, "a cascade"


def falling(traders: Traders) -> set[str]:
    """Let the pools and the honest feed fall by another fifth within twenty minutes; return
    on which pairs somebody was liquidated."""
    found = set()
    markets = {traders.perps.listed[name].market.address: name for name in START}
    for _ in range(20):
        traders.level *= 0.99
        _, told = traders.next_block()
        honest = [act for act in told if act[1].to != traders.perps.listed["clover"].feed.address]
        touched = [(traders.liquidator, traders.call(name, "touch")) for name in START]
        traders.theatre.play(*honest, *touched, seconds=60)
        forced = traders.liquidations()
        traders.theatre.play(*forced)
        found |= {markets[str(call.to)] for _, call in forced}
    return found
