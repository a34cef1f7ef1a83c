"""Silence beyond an oracle's habit or promise alerts; ordinary pauses do not."""

import random

from detectors.builtin.stale_oracle import StaleOracle
from schemas.chain import Price
from schemas.manifest import Market
from tests.unit.detectors.bars import alerts, bar, watch

POOL = Market(market="pool", asset="ETH", kind="pool")


def life(minutes: int, silent_from: int) -> list[Price]:
    """A pool that trades every minute and an oracle that answers every 5 to 20 minutes."""
    chance, due, prices = random.Random(2), 0, []
    for minute in range(minutes):
        prices.append(bar("pool", minute, 1800.0, step=60))
        if minute >= due and minute < silent_from:
            prices.append(bar("oracle", minute, 1800.0, step=60))
            due = minute + chance.randrange(5, 20)
    return prices


def test_an_oracle_that_falls_silent_alerts_and_says_for_how_long() -> None:
    oracle = Market(market="oracle", asset="ETH", kind="oracle")
    prices = life(1800, silent_from=1200)
    found = alerts(watch(StaleOracle, markets=(POOL, oracle)), prices)
    assert found
    first = found[0][1]
    assert first.timestamp - prices[0].timestamp > 1200 * 60
    assert "the oracle oracle is silent for" in first.summary
    assert first.votes[0].technique == "ADT3008"


def test_ordinary_pauses_are_quiet() -> None:
    oracle = Market(market="oracle", asset="ETH", kind="oracle")
    assert not alerts(watch(StaleOracle, markets=(POOL, oracle)), life(1800, silent_from=1800))


def test_a_declared_heartbeat_holds_from_the_first_bar() -> None:
    oracle = Market(market="oracle", asset="ETH", kind="oracle", heartbeat_seconds=3600)
    prices = [bar("oracle", 0, 1800.0, step=60)]
    prices += [bar("pool", minute, 1800.0, step=60) for minute in range(1, 120)]
    found = alerts(watch(StaleOracle, markets=(POOL, oracle)), prices)
    assert 60 < found[0][0] < 90


def test_without_an_oracle_there_is_nothing_to_be_stale() -> None:
    assert not alerts(watch(StaleOracle, markets=(POOL,)), life(500, silent_from=0))
