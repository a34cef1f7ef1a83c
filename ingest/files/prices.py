"""Price series: bars of open, high, low and close, or the state of a two-token pool.

Rows come from CSV, JSON lines or parquet, under names in any case; JSON documents are
`{"meta": ..., "data": [...]}` with short names, or a plain list of lists that begin with time,
open, high, low, close and volume, as exchanges answer them. A series of closing prices alone is
bars that never left them. Which assets a market compares is not told by any of them. A pool's row
is one bar of its first token's price in units of its second.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.files.fields import Fields, decimal_text, moment
from ingest.files.shape import Piece, Place, Shape, has
from ingest.files.unread import unread
from schemas.chain import Price
from schemas.errors import PoisonRecordError
from schemas.ids import content_id

_TIMES = (
    "timestamp",
    "dt",
    "date",
    "datetime",
    "time",
    "t",
    "ts",
    "unix",
    "open_time",
    "opentime",
    "__index_level_0__",
)
_CLOSES = ("close", "c", "price")
_MOMENTS, _PRICES = frozenset(_TIMES), frozenset(_CLOSES)
_BAR = ("time", "open", "high", "low", "close", "volume")
_LONGEST_SOURCE = 128


def _is_document(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("data"), list):
        return False
    rows = value["data"]
    return bool(rows) and _is_bar(rows[0])


def _is_bar(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    names = _named(value).keys()
    return not (_MOMENTS.isdisjoint(names) or _PRICES.isdisjoint(names))


def _named(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row under the names that are known here, however they are written."""
    return {str(name).strip().lower().replace(" ", "_"): told for name, told in value.items()}


def _is_candles(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and _is_candle(value[0])


def _is_candle(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= len(_BAR)
        and type(value[0]) is int
        and not any(isinstance(number, (list, dict)) for number in value)
    )


def read_document(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the bars of a document in its order."""
    yield from _each(value["data"], place)


def read_candles(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the bars of a list of lists."""
    # exchanges add what else they know behind the volume
    rows = (dict(zip(_BAR, row, strict=False)) if _is_candle(row) else row for row in value)
    yield from _each(rows, place)


def _each(rows: Any, place: Place) -> Iterator[Piece]:
    for number, row in enumerate(rows):
        try:
            yield from read_bar(row, place)
        except PoisonRecordError as error:
            yield unread(f"bar {number}", error, row)


def read_bar(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one bar."""
    fields = Fields(_named(value) if isinstance(value, Mapping) else value, "bar")
    close = fields.need(decimal_text, *_CLOSES)
    opened = fields.maybe(decimal_text, "open", "o") or close
    high = fields.maybe(decimal_text, "high", "h") or close
    low = fields.maybe(decimal_text, "low", "l") or close
    volume = fields.maybe(decimal_text, "volume", "v") or "0"
    yield _price(fields, place, (opened, high, low, close, volume), ("", ""))


def read_pool(value: Any, place: Place) -> Iterator[Piece]:
    """Yield a pool's price at one moment."""
    fields = Fields(value, "pool state")
    told = fields.need(decimal_text, "token1Price")
    yield _price(fields, place, (told, told, told, told, "0"), ("token0", "token1"))


def _price(
    fields: Fields,
    place: Place,
    bar: tuple[str, str, str, str, str],
    assets: tuple[str, str],
) -> Price:
    market, timestamp = place.case("file"), fields.need(moment, *_TIMES)
    return Price(
        id=content_id("price", market, timestamp, *bar),
        market=market,
        base=assets[0],
        quote=assets[1],
        timestamp=timestamp,
        open=bar[0],
        high=bar[1],
        low=bar[2],
        close=bar[3],
        volume=bar[4],
        source=place.file[-_LONGEST_SOURCE:],
    )


SHAPES = (
    Shape("price series", _is_document, read_document),
    Shape("price bars", _is_candles, read_candles),
    Shape("price bar", _is_bar, read_bar),
    Shape("pool state", has("token0Price", "token1Price", "timestamp"), read_pool),
)
