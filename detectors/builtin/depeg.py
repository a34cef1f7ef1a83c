"""A price leaves what it is meant to be worth: the level, and the selling before it."""

import math
from typing import Any, ClassVar

from detectors.api import Explanation, Spec
from detectors.market.board import Board, Quote
from detectors.market.each import EachMarket
from detectors.market.pressure import Pressure
from detectors.market.spread import Spread
from schemas.alerts import Reason

BAND = 0.0017
"""The spread of prices around a peg that nobody need explain: a pool with the usual fee of 0.3% may
quote anywhere within 0.3% of the true price, and an even spread over that has this deviation."""

PACES = (1.0, 0.25)
"""How fast an average follows: at once, and with the bounce between bid and ask smoothed away."""

NEAR = 0.01
"""A bar this close to 1 speaks for a peg at 1."""

BELIEF = 8.0
"""Bars that a market which starts near 1 is given in advance."""

_PEGGED = 0.4
"""Share of bars near 1 from which a market is taken to be meant to be worth 1."""

_TOGETHER = 3.0 * BAND
"""Selling on a market that is farther than this from what most markets say is that market's own."""

_WEIGHT, _MEMORY = 50.0, 5_000.0
_TESTS = 2.0
"""The level and the pressure before it; the averages of the level are one test to each pace."""


class _Peg:
    """What is known of one market's distance from its peg, in logarithms."""

    __slots__ = ("averages", "near", "pressure", "seen", "spreads")

    def __init__(self) -> None:
        self.averages: list[float] = []
        self.spreads = [Spread(BAND, floor=BAND, weight=_WEIGHT, memory=_MEMORY) for _ in PACES]
        self.pressure = Pressure()
        self.near = 0.0
        self.seen = 0.0

    def next(self, distance: float) -> list[float]:
        """Return the averages after one more bar. The first is taken for an average of many."""
        if not self.averages:
            return [distance for _ in PACES]
        return [
            average + pace * (distance - average)
            for pace, average in zip(PACES, self.averages, strict=True)
        ]

    def p_value(self, distance: float) -> float:
        """Return how often so large a distance is seen, over both averages."""
        p_value = 1.0
        for spread, average in zip(self.spreads, self.next(distance), strict=True):
            p_value = min(p_value, spread.p_value(average))
        return min(1.0, len(PACES) * p_value)

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "averages": self.averages,
            "spreads": [spread.dump() for spread in self.spreads],
            "pressure": self.pressure.dump(),
            "near": self.near,
            "seen": self.seen,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self.averages = [float(average) for average in state["averages"]]
        for spread, saved in zip(self.spreads, state["spreads"], strict=True):
            spread.load(saved)
        self.pressure.load(state["pressure"])
        self.near, self.seen = float(state["near"]), float(state["seen"])


class Depeg(EachMarket[_Peg]):
    """What is meant to be stable is not, on most of the markets that show it."""

    spec: ClassVar[Spec] = Spec(
        name="depeg",
        version="1.0.0",
        summary="Distance of a price from its peg, and selling on unusual volume before it goes.",
        technique="ADT3021",
        made_from=("prices",),
        warm_up=8,
        false_positives=(
            "a single large trade that empties a thin pool for minutes",
            "a token that trades near 1 without being meant to, while it is new to the watch",
        ),
        blind_spots=(
            "a peg other than 1 that the manifest does not state",
            "a series that begins when the peg is already lost",
            "a slow drift of less than about half a percent",
        ),
    )

    def start(self) -> _Peg:
        """Return what is believed of a market before anything was learned."""
        return _Peg()

    def judge(self, quote: Quote, board: Board) -> float | None:
        """Return how often the asset is so far from its peg, or sold so hard below it."""
        state = self.known(quote.market)
        distance = self._distance(state, quote, board)
        if distance is None:
            return None
        p_value = state.p_value(distance)
        own = quote.close - self._peg(quote, board)
        if own < 0.0 and abs(own - distance) <= _TOGETHER:
            p_value = min(p_value, state.pressure.p_value(quote.close, quote.volume))
        return min(1.0, _TESTS * p_value)

    def _distance(self, state: _Peg, quote: Quote, board: Board) -> float | None:
        """Return the distance from the peg that most markets of the asset agree on: of one or two
        the smaller, of three or four the second smallest; None where no peg is known."""
        declared = board.told(quote.market).peg
        if declared is None and not self._looks_pegged(state, quote):
            return None
        peg = self._peg(quote, board)
        if not board.compares:
            return quote.close - peg
        distances = [quote.close - peg]
        distances += [other.close - peg for other in board.siblings(quote)]
        return sorted(distances, key=abs)[(len(distances) - 1) // 2]

    @staticmethod
    def _peg(quote: Quote, board: Board) -> float:
        declared = board.told(quote.market).peg
        return math.log(declared) if declared is not None else 0.0

    @staticmethod
    def _looks_pegged(state: _Peg, quote: Quote) -> bool:
        if not state.seen:
            return abs(quote.close) <= NEAR
        return (state.near + BELIEF) / (state.seen + BELIEF) >= _PEGGED

    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        """Take the bar for ordinary. Averages follow whatever happens; spreads by weight."""
        state = self.touch(quote.market)
        if not state.seen and abs(quote.close) > NEAR:
            state.seen = BELIEF / _PEGGED  # it does not start near 1: it has to earn the belief
        distance = self._distance(state, quote, board)
        state.seen += 1.0
        state.near += abs(quote.close) <= NEAR
        if state.seen > _MEMORY:
            state.near *= _MEMORY / state.seen
            state.seen = _MEMORY
        if distance is None:
            return
        state.averages = state.next(distance)
        for spread, average in zip(state.spreads, state.averages, strict=True):
            spread.learn(average, weight)
        state.pressure.learn(quote.close, quote.volume, weight)

    def tell(self, quote: Quote, board: Board) -> Explanation:
        """Say how far from which peg, or how hard it is sold."""
        state, peg = self.known(quote.market), math.exp(self._peg(quote, board))
        asset = board.told(quote.market).asset or quote.market
        distance = self._distance(state, quote, board) or 0.0
        reasons = []
        level = state.p_value(distance)
        if level <= state.pressure.p_value(quote.close, quote.volume):
            spread = state.spreads[0].value
            reasons.append(
                Reason(
                    feature="distance",
                    observed=distance * 100.0,
                    expected=spread * 100.0,
                    distance=abs(distance) / spread,
                    unit="%",
                    text=f"{asset} is at {quote.price():.4f}, {distance:+.2%} from its peg of "
                    f"{peg:g}; ordinary is {spread:.2%} to either side",
                )
            )
        else:
            fall, traded = state.pressure.times(quote.close, quote.volume)
            reasons.append(
                Reason(
                    feature="pressure",
                    observed=traded,
                    expected=1.0,
                    distance=traded,
                    unit="times",
                    text=f"{asset} at {quote.price():.4f} is being sold: it falls {fall:.1f} times "
                    f"as fast as usual on {traded:.0f} times the usual volume",
                )
            )
        return Explanation(tuple(reasons))
