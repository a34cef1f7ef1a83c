"""The board: what every market of a protocol quoted last, and what its manifest says of them.

Prices become floats here, on purpose: these are statistics. Money in records stays exact.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from detectors.api import Scope
from schemas.chain import Price
from schemas.manifest import Market

USUAL_GAP = 900.0
"""Seconds between the bars of a market of which only one was seen."""

_GAP_MEMORY = 0.05
_LONGEST_GAP = 4.0
"""A pause counts as at most so many bars, so that a night without trades is no new rhythm."""

FRESH_BARS = 3.0
"""A quote speaks for its market for so many bars of the slower of two markets."""

MAX_MARKETS = 256
"""Markets remembered per protocol; the one that quoted least recently gives way."""

_UNDECLARED = Market(market="undeclared")


class Quote(NamedTuple):
    """One bar as a detector sees it."""

    market: str
    timestamp: int
    close: float
    """Natural logarithm of the closing price, in units of quote per base."""
    volume: float
    gap: float
    """Usual seconds between the bars of this market; 0 until two were seen."""

    @property
    def seconds(self) -> float:
        """For how long a bar of this market usually stands."""
        return self.gap or USUAL_GAP

    def price(self) -> float:
        """Return the closing price itself."""
        return math.exp(self.close)


class Board:
    """The last quote of every market."""

    def __init__(self, scope: Scope) -> None:
        declared = scope.manifest.markets if scope.manifest else ()
        self._declared = {market.market: market for market in declared}
        self._compared = any(market.asset for market in declared)
        self._last: dict[str, Quote] = {}

    def told(self, market: str) -> Market:
        """Return what the manifest says of a market; where it says nothing, the defaults."""
        return self._declared.get(market, _UNDECLARED)

    def quote(self, price: Price) -> Quote | None:
        """Return a bar as a quote; None for one without a price above zero and a volume. Changes
        nothing."""
        try:
            close, volume = float(price.close), float(price.volume)
        except ValueError:
            return None
        if not (0.0 < close < math.inf and 0.0 <= volume < math.inf):
            return None
        last = self._last.get(price.market)
        gap = 0.0 if last is None else last.gap
        if last is not None and price.timestamp > last.timestamp:
            gap = self._rhythm(last, price.timestamp - last.timestamp)
        return Quote(price.market, price.timestamp, math.log(close), volume, gap)

    @staticmethod
    def _rhythm(last: Quote, passed: float) -> float:
        if not last.gap:
            return passed
        return last.gap + _GAP_MEMORY * (min(passed, _LONGEST_GAP * last.gap) - last.gap)

    def is_news(self, quote: Quote) -> bool:
        """Say whether the quote is later than what its market quoted last."""
        last = self._last.get(quote.market)
        return last is None or quote.timestamp > last.timestamp

    def put(self, quote: Quote) -> None:
        """Remember a quote as its market's last."""
        self._last.pop(quote.market, None)
        self._last[quote.market] = quote
        while len(self._last) > MAX_MARKETS:
            del self._last[next(iter(self._last))]

    def last(self, market: str) -> Quote | None:
        """Return a market's last quote."""
        return self._last.get(market)

    @property
    def compares(self) -> bool:
        """Whether any two markets may price the same asset."""
        return self._compared

    def siblings(self, quote: Quote) -> list[Quote]:
        """Return what other markets of the same asset quote at that moment, stale ones left out."""
        return [
            other
            for other in self.others(quote)
            if abs(quote.timestamp - other.timestamp)
            <= FRESH_BARS * max(other.seconds, quote.seconds)
        ]

    def others(self, quote: Quote) -> Iterator[Quote]:
        """Yield the last quotes of all other markets that the manifest gives the same asset."""
        asset = self.told(quote.market).asset
        for market, declared in self._declared.items() if asset else ():
            if market != quote.market and declared.asset == asset and market in self._last:
                yield self._last[market]

    def dump(self) -> list[list[object]]:
        """Return the last quotes, the least recent first."""
        return [[q.market, q.timestamp, q.close, q.volume, q.gap] for q in self._last.values()]

    def load(self, state: list[list[object]]) -> None:
        """Become what `dump` described."""
        self._last = {str(row[0]): Quote(*row) for row in state}  # type: ignore[arg-type]  # as dumped
