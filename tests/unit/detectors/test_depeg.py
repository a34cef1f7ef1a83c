"""A lost peg alerts before it is 2% away; bounce, wandering prices and short wicks do not."""

import random
from decimal import Decimal

import pytest

from detectors.builtin.depeg import Depeg
from schemas.manifest import Market
from tests.unit.detectors.bars import alerts, bar, bouncing, series, wandering, watch


def test_a_slide_off_the_peg_alerts_before_it_is_two_percent_away() -> None:
    calm = bouncing(300)
    slide = [0.998 - 0.0008 * step for step in range(30)]
    found = alerts(watch(Depeg), series("m", calm + slide))
    first, alert = found[0]
    assert first >= 300
    assert (calm + slide)[first] > 0.98
    assert alert.votes[0].technique == "ADT3021"
    assert "from its peg of 1" in alert.summary
    assert alert.block == 7


@pytest.mark.parametrize("seed", range(5))
def test_bounce_between_bid_and_ask_is_quiet(seed: int) -> None:
    assert not alerts(watch(Depeg), series("m", bouncing(1500, seed)))


def test_a_market_that_stays_off_its_peg_keeps_alerting() -> None:
    found = alerts(watch(Depeg), series("m", bouncing(600) + bouncing(100, 1, 0.95)))
    assert len(found) > 90


@pytest.mark.parametrize("start", [0.06, 1.1, 1800.0])
def test_a_price_that_is_not_meant_to_be_stable_has_no_peg_to_lose(start: float) -> None:
    assert not alerts(watch(Depeg), series("m", wandering(1500, 1, start)))


def test_a_price_that_starts_near_one_and_wanders_is_soon_left_alone() -> None:
    found = alerts(watch(Depeg), series("m", wandering(2000, 3, 1.0, 0.01)))
    assert len(found) < 40
    assert all(number < 200 for number, _ in found)


def test_a_peg_other_than_one_is_told_by_the_manifest() -> None:
    market = Market(market="m", peg=Decimal("1.08"))
    prices = bouncing(300, 0, 1.08) + bouncing(30, 1, 1.05)
    assert not alerts(watch(Depeg), series("m", prices))
    found = alerts(watch(Depeg, markets=(market,)), series("m", prices))
    assert 300 <= found[0][0] < 303


def test_selling_on_enormous_volume_alerts_while_the_price_has_hardly_moved() -> None:
    chance, prices = random.Random(4), []
    for number in range(3000):
        close = 1.0 - 0.0001 * chance.randrange(3)
        prices.append(bar("m", number, close, chance.lognormvariate(9, 1.5), step=60))
    for number, close in enumerate((0.9996, 0.9992, 0.9988, 0.9982), 3000):
        prices.append(bar("m", number, close, 1.5e6, step=60))
    found = alerts(watch(Depeg), prices)
    assert found
    assert found[0][0] >= 3000
    assert "is being sold" in found[0][1].summary


def test_enormous_volume_without_a_fall_is_quiet() -> None:
    chance, prices = random.Random(4), []
    for number in range(3000):
        close = 1.0 - 0.0001 * chance.randrange(3)
        volume = 1.5e6 if number > 2990 else chance.lognormvariate(9, 1.5)
        prices.append(bar("m", number, close, volume, step=60))
    assert not alerts(watch(Depeg), prices)


def test_a_second_venue_on_the_peg_says_that_the_peg_holds() -> None:
    markets = (
        Market(market="a", asset="X", peg=Decimal(1)),
        Market(market="b", asset="X", kind="pool", peg=Decimal(1)),
    )
    off = bouncing(300) + [0.7] * 20
    pairs = zip(series("a", off), series("b", bouncing(320, 9)), strict=True)
    assert not alerts(watch(Depeg, markets=markets), (price for pair in pairs for price in pair))


def test_both_venues_off_the_peg_is_a_lost_peg() -> None:
    markets = (
        Market(market="a", asset="X", peg=Decimal(1)),
        Market(market="b", asset="X", peg=Decimal(1)),
    )
    off = bouncing(300) + [0.93] * 20
    pairs = zip(series("a", off), series("b", off), strict=True)
    found = alerts(watch(Depeg, markets=markets), (price for pair in pairs for price in pair))
    assert found[0][0] in (601, 602)
