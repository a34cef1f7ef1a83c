"""Selling pressure: a fall on a volume that this market does not see.

Before a peg breaks somebody sells: the price gives a little, the volume is enormous, and neither
would be worth a word alone. Both are compared with the market's own habits over the same few bars,
each by a counted survival function with a Pareto tail (`detectors.tail`, on a logarithmic scale),
and joined by Fisher's statistic for two tests: p = x (1 - ln x), x the product of both p-values.
"""

import math
from collections import deque
from typing import Any

from detectors.tail import OnlineTail

BARS = 5
"""Bars over which a fall and its volume are added up."""

_MEMORY = 0.001
"""Share by which a bar moves the average: a minute market remembers most of a day."""

_SETTLED = 200
"""Bars before a market's habits are worth comparing with."""

_SCALE = 4.0
"""Four bins per e-fold of a ratio, as `detectors.baseline.to_tail`."""

_LARGE = 2.0
"""A fall and a volume of less than twice the average are nothing: saves work for most bars."""

_TICK = 1e-5
"""Falls smaller than this are the grain of the quotes."""


class Pressure:
    """What falls and volumes are ordinary for one market."""

    __slots__ = ("_bars", "_fall", "_falls", "_seen", "_since", "_volume", "_volumes")

    def __init__(self) -> None:
        self._bars: deque[tuple[float, float]] = deque(maxlen=BARS)
        self._seen = 0.0
        self._since = 0
        self._fall = 0.0
        self._volume = 0.0
        self._falls = OnlineTail()
        self._volumes = OnlineTail()

    def p_value(self, close: float, volume: float) -> float:
        """Return how often a fall so large comes on so large a volume; 1 without a fall."""
        if self._seen < _SETTLED or len(self._bars) < BARS:
            return 1.0
        if self._bars[0][0] - close < _LARGE * self._fall:
            return 1.0
        fall, traded = self._ratios(close, volume)
        if fall < _LARGE or traded < _LARGE:
            return 1.0
        both = (
            self._falls.rarity(_scaled(fall)).p_value
            * self._volumes.rarity(_scaled(traded)).p_value
        )
        return both * (1.0 - math.log(both))

    def times(self, close: float, volume: float) -> tuple[float, float]:
        """Return how many times the ordinary fall and volume these are."""
        return self._ratios(close, volume) if len(self._bars) == BARS else (0.0, 0.0)

    def _ratios(self, close: float, volume: float) -> tuple[float, float]:
        fall, traded = self._sums(close, volume)
        return fall / max(self._fall, _TICK), traded / self._volume if self._volume else 0.0

    def _sums(self, close: float, volume: float) -> tuple[float, float]:
        traded = volume + sum(bar[1] for bar in self._bars) - self._bars[0][1]
        return self._bars[0][0] - close, traded

    def learn(self, close: float, volume: float, weight: float) -> None:
        """Count a bar as ordinary; a fall only every `BARS` bars, so that none counts twice."""
        if len(self._bars) == BARS:
            fall, traded = self._sums(close, volume)
            self._seen += weight
            step = weight * max(_MEMORY, 1.0 / self._seen) if self._seen >= 1.0 else weight
            self._fall += step * (abs(fall) - self._fall)
            self._volume += step * (traded - self._volume)
            self._since += 1
            if self._since == BARS:
                self._since = 0
                self._falls.learn(_scaled(fall / max(self._fall, _TICK)), weight)
                if self._volume:
                    self._volumes.learn(_scaled(traded / self._volume), weight)
        self._bars.append((close, volume))

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON."""
        return {
            "bars": [list(bar) for bar in self._bars],
            "seen": self._seen,
            "since": self._since,
            "means": [self._fall, self._volume],
            "falls": self._falls.dump(),
            "volumes": self._volumes.dump(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        self._bars = deque(((float(a), float(b)) for a, b in state["bars"]), maxlen=BARS)
        self._seen = float(state["seen"])
        self._since = int(state["since"])
        self._fall, self._volume = (float(mean) for mean in state["means"])
        self._falls.load(state["falls"])
        self._volumes.load(state["volumes"])


def _scaled(ratio: float) -> float:
    return _SCALE * math.log1p(max(0.0, ratio))
