"""An oracle says nothing new while the markets go on."""

import math
from typing import ClassVar

from detectors.api import Explanation, Spec
from detectors.market.board import Board, Quote
from detectors.market.each import EachMarket
from detectors.market.spread import Level
from schemas.alerts import Reason

_SPREAD, _FLOOR, _WEIGHT, _MEMORY = 0.7, 0.3, 5.0, 1_000.0
"""Of the logarithm of an oracle's silences. An oracle that answers whenever the price moves is
silent for very unequal times."""


class StaleOracle(EachMarket[Level]):
    """An oracle has been silent for longer than it is used to, or than it promised."""

    spec: ClassVar[Spec] = Spec(
        name="stale-oracle",
        version="1.0.0",
        summary="Silence of a protocol's oracle against its habit or its declared heartbeat.",
        technique="ADT3008",
        made_from=("prices",),
        warm_up=5,
        false_positives=("a chain that stood still, and with it everything that lives on it",),
        blind_spots=(
            "an oracle that repeats an old price in time",
            "an oracle without any other market of its asset: nothing shows that time passes",
        ),
    )

    def start(self) -> Level:
        """Return what is believed of an oracle's silences before any ended."""
        return Level(0.0, _SPREAD, floor=_FLOOR, weight=_WEIGHT, memory=_MEMORY)

    def judge(self, quote: Quote, board: Board) -> float | None:
        """Return how rarely any oracle of the asset that just traded is silent for so long."""
        silences = self._silences(quote, board) if board.compares else []
        return min((p_value for p_value, _ in silences), default=None)

    def _silences(self, quote: Quote, board: Board) -> list[tuple[float, Quote]]:
        found = []
        for other in board.others(quote):
            told = board.told(other.market)
            silence = quote.timestamp - other.timestamp
            if told.kind != "oracle" or silence <= 0:
                continue
            level = self._known.get(other.market)
            if told.heartbeat_seconds is not None:
                late = math.log(silence / told.heartbeat_seconds)
                known = Level(0.0, _FLOOR / 4, floor=_FLOOR / 4, weight=1.0, memory=1.0)
                found.append((known.p_value(late), other))
            elif level is not None:
                found.append((level.p_value(math.log(silence)), other))
        return found

    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        """Count a silence that this bar of an oracle ended."""
        if board.told(quote.market).kind != "oracle":
            return
        last = board.last(quote.market)
        if last is None or quote.timestamp <= last.timestamp:
            return
        silence = math.log(quote.timestamp - last.timestamp)
        if quote.market not in self._known:
            self._known[quote.market] = Level(
                silence, _SPREAD, floor=_FLOOR, weight=_WEIGHT, memory=_MEMORY
            )
            return
        self.touch(quote.market).learn(silence, weight)

    def tell(self, quote: Quote, board: Board) -> Explanation:
        """Say which oracle is silent for how long, and what the price did meanwhile."""
        silences = self._silences(quote, board)
        if not silences:
            return Explanation()
        _, oracle = min(silences, key=lambda found: found[0])
        told = board.told(oracle.market)
        silence = quote.timestamp - oracle.timestamp
        usual = told.heartbeat_seconds or math.exp(self.known(oracle.market).mean)
        moved = math.expm1(quote.close - oracle.close)
        text = (
            f"the oracle {oracle.market} is silent for {silence:,} s, {usual:,.0f} s is usual; "
            f"it says {oracle.price():.6g} while {quote.market} trades {moved:+.2%} from that"
        )
        reason = Reason(
            feature="silence",
            observed=float(silence),
            expected=float(usual),
            distance=silence / usual,
            unit="s",
            text=text[:500],
        )
        return Explanation((reason,))
