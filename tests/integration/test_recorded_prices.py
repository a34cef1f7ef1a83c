"""Real price series: two lost pegs alert before 2%, calm weeks do not, one venue is told apart."""

import heapq
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from msgspec import structs

from detectors.scoring import Row, score_case
from detectors.sets import HostMaker, load_set
from ingest.files import read
from runtime.settings import CORE
from schemas.chain import Price
from schemas.manifest import Contract, Manifest, Market

OFF = Decimal("0.98")
DAY = 86_400


def bars(path: Path, count: int | None = None) -> list[Price]:
    found = []
    for item in islice(read(path), count):
        assert isinstance(item.body, Price), item
        found.append(item.body)
    return found


@pytest.fixture(scope="module")
def exchange(data: Path) -> list[Price]:
    """A month of minutes on an exchange, and the hours in which a coin broke there."""
    return bars(data / "prices" / "usde_minute_binance.parquet", 46_000)


def maker(manifest: Manifest | None = None) -> HostMaker:
    known = {"case": manifest} if manifest else {}
    return HostMaker("core", load_set(CORE, CORE), known, lambda _chain: 64)


def rows(prices: list[Price]) -> list[Row]:
    return list(score_case("case", prices, maker()))


def lead(prices: list[Price]) -> int:
    """Return how many seconds before the price is first 2% off the day's first alert came."""
    off = next(number for number, price in enumerate(prices) if Decimal(price.low) < OFF)
    moment = prices[off].timestamp
    alerted = [
        prices[row.order].timestamp
        for row in rows(prices[: off + 1])
        if row.alerted and prices[row.order].timestamp > moment - DAY
    ]
    assert alerted, "no alert in the day before"
    return moment - alerted[0]


def test_march_2023_alerts_before_the_price_is_two_percent_off(data: Path) -> None:
    assert lead(bars(data / "prices" / "data_usdc_large_depeg_2023.json.gz")) > 0


@pytest.mark.slow
def test_october_2025_alerts_before_the_price_is_two_percent_off(exchange: list[Price]) -> None:
    assert lead(exchange) > 0


@pytest.mark.parametrize(
    "file",
    [
        "data_usdc_no_depeg_1.json.gz",
        "data_usdc_normal_depeg_1.json",
        "data_usdt_price_history.json.gz",
        "uniswap_usde.parquet",
    ],
)
def test_calm_series_do_not_alert(data: Path, file: str) -> None:
    assert [row for row in rows(bars(data / "prices" / file)) if row.alerted] == []


def crash(exchange: list[Price], pool: list[Price]) -> Iterator[Price]:
    """Yield the hours in which the pool was recorded, both markets merged by time."""
    start, end = pool[0].timestamp, pool[-1].timestamp
    hours = (price for price in exchange if start <= price.timestamp <= end)
    return heapq.merge(hours, pool, key=lambda price: price.timestamp)


def test_an_exchange_that_falls_alone_is_told_apart_from_a_lost_peg(
    exchange: list[Price], data: Path
) -> None:
    prices = list(crash(exchange, bars(data / "prices" / "uniswap_usde.parquet")))
    peg = Decimal(1)
    markets = (
        Market(market="usde_minute_binance", asset="USDe", peg=peg),
        Market(market="uniswap_usde", asset="USDe", kind="pool", peg=peg),
    )
    contract = Contract(address="0x" + "11" * 20, role="pool")
    manifest = Manifest(protocol="case", chain="eip155:1", contracts=(contract,), markets=markets)
    host = maker(manifest).make("eip155:1", "case")
    alerts = [alert for price in prices for alert in [host.take_price(price)[1]] if alert]
    named = [
        {vote.detector for vote in alert.votes if vote.alerted} & {"depeg", "price-divergence"}
        for alert in alerts
    ]
    assert any("price-divergence" in names for names in named)
    assert sum("depeg" in names for names in named) <= 2  # the selling before the fall
    told = [alert.summary for alert in alerts if "a divergence of one venue" in alert.summary]
    assert told
    assert all("on usde_minute_binance and at" in text for text in told)


def test_the_name_of_a_file_does_not_matter(data: Path) -> None:
    prices = bars(data / "prices" / "data_usdc_large_depeg_2023.json.gz")
    renamed = [structs.replace(price, market="x", source="") for price in prices]
    assert [row.p_value for row in rows(prices)] == [row.p_value for row in rows(renamed)]
