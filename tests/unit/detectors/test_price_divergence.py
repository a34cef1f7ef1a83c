"""One venue that leaves the others is named; honest spreads and common moves are not."""

from decimal import Decimal

from detectors.builtin.depeg import Depeg
from detectors.builtin.price_divergence import PriceDivergence
from schemas.chain import Price
from schemas.manifest import Market
from tests.unit.detectors.bars import alerts, bar, bouncing, series, wandering, watch

EXCHANGE = Market(market="exchange", asset="X", peg=Decimal(1))
POOL = Market(market="pool", asset="X", kind="pool", peg=Decimal(1))


def both(first: list[float], second: list[float]) -> list[Price]:
    pairs = zip(series("exchange", first), series("pool", second), strict=True)
    return [price for pair in pairs for price in pair]


def test_one_venue_that_falls_alone_is_a_divergence_and_no_depeg() -> None:
    watching = watch(Depeg, PriceDivergence, markets=(EXCHANGE, POOL))
    found = alerts(watching, both(bouncing(300) + [0.65] * 5, bouncing(305, 2)))
    assert found
    assert all(number >= 600 for number, _ in found)
    for _, alert in found:
        assert [vote.detector for vote in alert.votes if vote.alerted] == ["price-divergence"]
        assert "on exchange and at" in alert.summary
        assert "a divergence of one venue" in alert.summary


def test_the_venue_that_is_off_is_named_whichever_reports() -> None:
    watching = watch(PriceDivergence, markets=(EXCHANGE, POOL))
    found = alerts(watching, both(bouncing(300), [*bouncing(299, 2), 1.2]))
    assert len(found) == 1
    assert found[0][1].summary.startswith("X is at 1.2000 on pool")


def test_prices_that_fall_together_do_not_diverge() -> None:
    falling = bouncing(300) + [0.9] * 10
    watching = watch(PriceDivergence, markets=(EXCHANGE, POOL))
    assert not alerts(watching, both(falling, [price * 1.0005 for price in falling]))


def test_an_oracle_that_is_wrong_is_named_an_oracle() -> None:
    oracle = Market(market="oracle", asset="ETH", kind="oracle")
    markets = (
        oracle, Market(market="a", asset="ETH"), Market(market="b", asset="ETH", kind="pool"),
    )  # fmt: skip
    true = wandering(300)
    prices = []
    for number, price in enumerate(true):
        prices += [bar("a", number, price), bar("b", number, price * 1.0004)]
        prices.append(bar("oracle", number, price * (1.3 if number == 299 else 1.0)))
    found = alerts(watch(PriceDivergence, markets=markets), prices)
    assert [number for number, _ in found] == [899]
    assert "on oracle and at" in found[0][1].summary
    assert "a divergence of one oracle" in found[0][1].summary


def test_markets_of_different_assets_are_not_held_against_each_other() -> None:
    markets = (Market(market="exchange", asset="X"), Market(market="pool", asset="Y"))
    watching = watch(PriceDivergence, markets=markets)
    assert not alerts(watching, both(bouncing(100), [1800.0] * 100))


def test_a_quote_that_is_old_says_nothing_of_now() -> None:
    watching = watch(PriceDivergence, markets=(EXCHANGE, POOL))
    alerts(watching, both(bouncing(50), bouncing(50, 1)))
    assert not alerts(watching, [bar("exchange", 70, 0.8)])
