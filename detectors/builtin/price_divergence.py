"""Two markets of one asset disagree: one venue is off, or an oracle is wrong. Not a lost peg."""

import math
from typing import ClassVar

from detectors.api import Explanation, Spec
from detectors.market.board import Board, Quote
from detectors.market.each import EachMarket
from detectors.market.spread import Spread
from schemas.alerts import Reason

ORDINARY = 0.003
"""The spread between two honest venues that is believed before any was seen: one trade's fee."""

_FLOOR, _WEIGHT, _MEMORY = 0.0017, 50.0, 5_000.0


class PriceDivergence(EachMarket[Spread]):
    """The price of an asset on one market leaves the price on the others."""

    spec: ClassVar[Spec] = Spec(
        name="price-divergence",
        version="1.0.0",
        summary="Difference between the prices of one asset on two markets: venue or oracle.",
        technique="ADT3012.004",
        made_from=("prices",),
        warm_up=20,
        false_positives=(
            "an exchange that halts withdrawals, so that nobody can arbitrage",
            "a market whose bars come minutes late",
        ),
        blind_spots=(
            "markets that the manifest gives no common asset",
            "all markets wrong together",
        ),
    )

    def start(self) -> Spread:
        """Return what is believed of a pair of markets before anything was learned."""
        return Spread(ORDINARY, floor=_FLOOR, weight=_WEIGHT, memory=_MEMORY)

    def judge(self, quote: Quote, board: Board) -> float | None:
        """Return how often two markets of this asset differ so much."""
        others = board.siblings(quote) if board.compares else []
        if not others:
            return None
        p_values = (self._p_value(quote, other, board) for other in others)
        return min(1.0, min(p_values) * len(others))

    def _p_value(self, quote: Quote, other: Quote, board: Board) -> float:
        return self.known(_pair(quote, other)).p_value(_difference(quote, other, board))

    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        """Take the differences for ordinary."""
        for other in board.siblings(quote) if board.compares else ():
            self.touch(_pair(quote, other)).learn(_difference(quote, other, board), weight)

    def tell(self, quote: Quote, board: Board) -> Explanation:
        """Name the market that is off, by how much, and what the others say."""
        others = board.siblings(quote)
        if not others:
            return Explanation()
        other = min(others, key=lambda sibling: self._p_value(quote, sibling, board))
        off, against = _odd_one(quote, other, others, board)
        difference = off.close - against.close
        spread = self.known(_pair(quote, other)).value
        asset = board.told(quote.market).asset
        what = "oracle" if board.told(off.market).kind == "oracle" else "venue"
        text = (
            f"{asset} is at {off.price():.4f} on {off.market} and at {against.price():.4f} on "
            f"{against.market}: a divergence of one {what} by {math.expm1(difference):+.2%}, "
            f"ordinary is {spread:.2%}; the others show no loss of value"
        )
        reason = Reason(
            feature="divergence",
            observed=abs(difference) * 100.0,
            expected=spread * 100.0,
            distance=abs(difference) / spread,
            unit="%",
            text=text[:500],
        )
        return Explanation((reason,))


def _difference(quote: Quote, other: Quote, board: Board) -> float:
    """Return how much higher this market is. Where the other has not told of the same moment yet,
    this market's bar before counts as well, or any fast move of both would look like a difference.
    """
    difference = quote.close - other.close
    before = board.last(quote.market)
    if other.timestamp >= quote.timestamp or before is None:
        return difference
    return min(difference, before.close - other.close, key=abs)


def _pair(quote: Quote, other: Quote) -> str:
    return "|".join(sorted((quote.market, other.market)))


def _odd_one(quote: Quote, other: Quote, others: list[Quote], board: Board) -> tuple[Quote, Quote]:
    """Return which of two is off, then the other: the one farther from the peg where one is
    declared, else from the middle of all; two markets without a peg, from what was before."""
    told = board.told(quote.market)
    if told.peg is not None:
        middle = math.log(told.peg)
    elif len(others) > 1:
        closes = sorted(sibling.close for sibling in (quote, *others))
        middle = closes[len(closes) // 2]
    else:
        before = board.last(quote.market)
        middle = before.close if before else other.close
    first, second = sorted((quote, other), key=lambda it: -abs(it.close - middle))
    return first, second
