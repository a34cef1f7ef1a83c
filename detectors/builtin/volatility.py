"""A market moves as it never moved: what margin engines and price discovery are not built for."""

import math
from typing import Any, ClassVar

from detectors.api import Explanation, Spec
from detectors.market.board import Board, Quote
from detectors.market.each import EachMarket
from detectors.market.spread import Level
from schemas.alerts import Reason

PACE = 0.1
"""How fast the measured volatility follows: about ten bars."""

CALM = 0.003
"""Moves per bar, as a share, that no margin is thin enough to feel: the usual fee of one trade."""

_SPREAD, _FLOOR = 0.8, 0.35
"""Of the logarithm of volatility: what is believed before, and the least, about its ordinary
change from day to day."""

_WEIGHT, _MEMORY = 50.0, 5_000.0


class _Movement:
    """What is known of one market's movements."""

    __slots__ = ("level", "variance")

    def __init__(self) -> None:
        self.variance = CALM * CALM
        self.level = Level(math.log(CALM), _SPREAD, floor=_FLOOR, weight=_WEIGHT, memory=_MEMORY)

    def next(self, step: float) -> float:
        """Return the variance after one more move."""
        return self.variance + PACE * (step * step - self.variance)

    def dump(self) -> Any:
        """Return everything as JSON."""
        return {"variance": self.variance, "level": self.level.dump()}

    def load(self, state: Any) -> None:
        """Become what `dump` described."""
        self.variance = float(state["variance"])
        self.level.load(state["level"])


class Volatility(EachMarket[_Movement]):
    """The moves of the last bars together are far larger than this market's moves ever are."""

    spec: ClassVar[Spec] = Spec(
        name="volatility",
        version="1.0.0",
        summary="Volatility of the last ten bars or so against the market's own.",
        technique="ADT3021",
        made_from=("prices", "volatility"),
        warm_up=50,
        false_positives=("news that moves the whole market, which threatens margins all the same",),
        blind_spots=(
            "a price that is pushed slowly and steadily",
            "a market without bars: what did not trade did not move",
        ),
    )

    def start(self) -> _Movement:
        """Return what is believed of a market before anything was learned."""
        return _Movement()

    def judge(self, quote: Quote, board: Board) -> float | None:
        """Return how often the market is at least so restless."""
        last = board.last(quote.market)
        if last is None:
            return None
        state = self.known(quote.market)
        return state.level.p_value(_logarithm(state.next(quote.close - last.close)))

    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        """Take the move for ordinary. What is measured follows whatever happens."""
        last = board.last(quote.market)
        state = self.touch(quote.market)
        if last is not None:
            state.variance = state.next(quote.close - last.close)
            state.level.learn(_logarithm(state.variance), weight)

    def tell(self, quote: Quote, board: Board) -> Explanation:
        """Say how restless it is against what is usual."""
        last = board.last(quote.market)
        state = self.known(quote.market)
        step = quote.close - last.close if last else 0.0
        now, usual = math.sqrt(state.next(step)), math.exp(state.level.mean)
        asset = board.told(quote.market).asset or quote.market
        text = (
            f"{asset} moves by {now:.2%} a bar where {usual:.2%} is usual; "
            f"the last bar moved it by {step:+.2%}"
        )
        return Explanation(
            (
                Reason(
                    feature="volatility",
                    observed=now * 100.0,
                    expected=usual * 100.0,
                    distance=now / usual,
                    unit="%",
                    text=text,
                ),
            )
        )


def _logarithm(variance: float) -> float:
    return 0.5 * math.log(max(variance, CALM * CALM))
