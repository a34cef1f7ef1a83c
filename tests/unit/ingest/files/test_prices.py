from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # the package carries no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the package carries no types
import pytest

from ingest.files import Item, Unreadable
from schemas.chain import Price
from schemas.codec import decode, encode

Put = Callable[..., Path]
Items = Callable[..., list[Item]]
Broken = Callable[..., list[Unreadable]]

BAR = {"dt": "2023-03-09T05:00:00.000Z", "o": 1.5, "h": 2, "l": 1e-7, "c": 1.00302319431652}


def prices(items: list[Item]) -> list[Price]:
    return [item.body for item in items if isinstance(item.body, Price)]


def test_bars_of_a_document(put: Put, items: Items) -> None:
    put("coin.json.gz", {"meta": {}, "data": [BAR | {"v": 1185.127}, BAR]})
    found = items()
    assert [item.case for item in found] == ["coin", "coin"]
    first, second = prices(found)
    assert (first.open, first.high, first.low, first.close, first.volume) == (
        "1.5",
        "2",
        "0.0000001",
        "1.00302319431652",
        "1185.127",
    )
    assert first.timestamp == 1678338000
    assert (first.market, first.base, first.quote) == ("coin", "", "")
    assert second.volume == "0"
    assert first.id != second.id
    assert decode(encode(first), Price) == first


def test_digits_are_kept_as_they_stand(put: Put, items: Items) -> None:
    digits = "0.12345678901234567890123456789"
    put("coin.json", f'{{"data": [{{"dt": 1, "o": {digits}, "h": 1, "l": 1, "c": 1}}]}}')
    assert prices(items())[0].open == digits


def test_rows_of_csv_and_of_json_lines_are_bars_too(put: Put, items: Items) -> None:
    put("a.csv", "date,open,high,low,close,volume", "2023-03-09 05:00:00+00:00,1,2,0.5,1.0,7")
    put("b.jsonl", *[{"timestamp": 1678338000, "open": 1, "high": 2, "low": 0.5, "close": 1}] * 2)
    first, second, _ = prices(items())
    assert first.timestamp == second.timestamp == 1678338000
    assert (first.close, second.close) == ("1.0", "1")


def test_a_list_of_lists_has_its_times_in_milliseconds(put: Put, items: Items) -> None:
    put("coin.json", [[1678338000000, 1, 2, 0.5, 1.5, 7], [1678338060000, 1, 2, 0.5, 1.5, 7]])
    assert [price.timestamp for price in prices(items())] == [1678338000, 1678338060]


def parquet(folder: Path, **columns: Any) -> None:
    pq.write_table(pa.table(columns), folder / "coin.parquet")


def test_parquet_bars_carry_their_time_as_an_index(folder: Path, items: Items) -> None:
    times = pa.array([datetime(2025, 9, 9, 12, minute) for minute in range(3)], pa.timestamp("ns"))  # noqa: DTZ001 - the index of such files has no zone
    one = [1.0, 0.1, 1e16]
    parquet(folder, open=one, high=one, low=one, close=one, volume=one, __index_level_0__=times)
    found = prices(items())
    assert [price.timestamp for price in found] == [1757419200, 1757419260, 1757419320]
    assert [price.open for price in found] == ["1.0", "0.1", "10000000000000000"]


def test_a_pools_state_is_the_price_of_its_first_token(folder: Path, items: Items) -> None:
    parquet(
        folder,
        blockNumber=[1],
        token0Price=["0.9998695463310310827803502531645124"],
        token1Price=["1.000130470689349035705187321341697"],
        timestamp=[1760112011],
    )
    (found,) = prices(items())
    assert (found.base, found.quote, found.timestamp) == ("token0", "token1", 1760112011)
    assert found.open == found.close == "1.000130470689349035705187321341697"


@pytest.mark.parametrize(
    "value", [None, "NaN", -1, "-0.5", "1_0", " 1", "1e500", "0x1", True, [1], "1" * 200, 10**150]
)
def test_a_bad_price_is_unreadable_alone(put: Put, items: Items, value: Any) -> None:
    put("coin.json", {"data": [BAR, BAR | {"c": value}, BAR]})
    bad, first, last = items()
    assert isinstance(bad.body, Unreadable)
    assert bad.body.where == "bar 1"
    assert "c" in bad.body.reason
    assert isinstance(first.body, Price)
    assert isinstance(last.body, Price)


def test_a_price_that_is_no_number_is_refused_in_parquet_too(folder: Path, broken: Broken) -> None:
    one, bad = [1.0, 2.0], [1.0, float("nan")]
    parquet(folder, open=one, high=one, low=one, close=bad, timestamp=[1, 2])
    (found,) = broken()
    assert found.where == "row 2"


@pytest.mark.parametrize("cut", [0, 3, 10, 100, 300])
def test_damaged_parquet_is_unreadable(folder: Path, broken: Broken, cut: int) -> None:
    one = [1.0, 2.0]
    parquet(folder, open=one, high=one, low=one, close=one, timestamp=[1, 2])
    path = folder / "coin.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:4] + data[4 + cut : -1] if cut else data[:-1])
    (found,) = broken()
    assert "parquet" in found.reason


def test_a_bar_is_the_same_on_every_reading(put: Put, items: Items) -> None:
    put("coin.json", {"data": [BAR]})
    assert items() == items()
    assert Decimal(prices(items())[0].open) == Decimal("1.5")


@pytest.mark.parametrize(
    "rows",
    [
        ["Unix,Open,High,Low,Close,Volume", "1678338060,1,2,0.5,1.5,7", "1678338000,1,2,0.5,1.2,7"],
        [
            "open_time,open,high,low,close",
            "1678338060000000,1,2,1,1.5",
            "1678338000000000,1,2,1,1.2",
        ],
        ["timestamp,close", "1678338060.0,1.5", "1678338000.0,1.2"],
        ["Date,Price", "2023-03-09 05:01:00,1.5", "2023-03-09 05:00:00,1.2"],
    ],
)
def test_any_source_gives_bars_in_the_order_of_time(
    put: Put, items: Items, rows: list[str]
) -> None:
    put("bars.csv", *rows)
    found = [item.body for item in items()]
    assert [(bar.timestamp, bar.close) for bar in found if isinstance(bar, Price)] == [
        (1678338000, "1.2"),
        (1678338060, "1.5"),
    ]


def test_what_an_exchange_answers_is_bars(put: Put, items: Items) -> None:
    put("klines.json", [[1678338000000, "1", "2", "0.5", "1.5", "7", 1678338059999, "0", 5, "0"]])
    (item,) = items()
    assert isinstance(item.body, Price)
    assert (item.body.timestamp, item.body.low, item.body.volume) == (1678338000, "0.5", "7")
