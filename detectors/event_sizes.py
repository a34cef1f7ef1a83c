"""What an event's numbers usually are: the sizes of each argument of each event of one contract.

Each number in an event is a size: how far its logarithm lies above the mean of the same argument of
the same event, in spreads, is its distance.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.alerts import Reason
from schemas.chain import Event

MEMORY = 2_000.0
"""Sizes of one argument that count at most; older ones fade."""
WARM_UP = 10.0
"""Sizes of an argument before its spread means anything: until then none of it is scored."""
UNKNOWN = -1.0
"""The distance, and the score, of an event of which nothing can be said."""
MAX_ARGUMENTS = 64
"""Arguments that are remembered per contract; those of further events are not scored."""
LONGEST_NUMBER = 79
"""Characters of the longest integer of 256 bits, its sign included."""
NARROWEST = 0.05
"""No spread is taken for smaller: five per cent are nothing to be surprised by."""

_log1p = math.log1p


class Size:
    """The online mean and variance of the logarithm of one argument (West, 1979)."""

    __slots__ = ("mean", "n", "squares")

    def __init__(self) -> None:
        self.n = self.mean = self.squares = 0.0

    def distance(self, scaled: float) -> float:
        """Return how many spreads a logarithm lies above the mean, none below."""
        above = scaled - self.mean
        if above <= 0.0:
            return 0.0
        spread = math.sqrt(self.squares / (self.n - 1.0))
        return above / NARROWEST if spread < NARROWEST else above / spread

    def learn(self, scaled: float, weight: float) -> None:
        """Take a logarithm for ordinary."""
        before = self.mean
        n = self.n = self.n + weight
        mean = self.mean = before + weight / n * (scaled - before)
        self.squares += weight * (scaled - before) * (scaled - mean)
        if n > MEMORY:
            self.squares *= MEMORY / n
            self.n = MEMORY


_NOTHING: Mapping[str, Size] = {}


class EventSizes:
    """What one contract's events hold."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Size]] = {}
        """Per event, per argument."""
        self._arguments = 0
        """How many there are in all."""

    def measured(self, event: Event) -> tuple[dict[str, float], float]:
        """Return, per argument that is a number, the logarithm of one plus it without its sign, and
        the longest distance of any; `UNKNOWN` where none is known well enough.

        A number is an integer of 256 bits or fewer in decimal text; a stranger may have written it.
        Half of what an event costs is spent here, so there are few calls, and cheap ones.
        """
        known, sizes, longest = self._known.get(event.name, _NOTHING), {}, UNKNOWN
        for argument, value in event.arguments.items():
            if value.__class__ is not str or not (
                # Nearly all that is no number comes behind ".", and a minus in front of it.
                value.isdigit() or (value < "." and value[:1] == "-" and value[1:].isdigit())
            ):
                continue
            if len(value) > LONGEST_NUMBER or not value.isascii():
                continue
            # By way of an integer: the very float that the text gives, in a third of the time.
            sizes[argument] = scaled = _log1p(abs(float(int(value))))
            size = known.get(argument)
            if size is not None and size.n >= WARM_UP:
                distance = size.distance(scaled)
                if distance > longest:  # noqa: PLR1730 - max() takes longer than all of this line
                    longest = distance
        return sizes, longest

    def learn(self, name: str, sizes: Mapping[str, float], weight: float) -> None:
        """Take what `measured` found in an event of this name for ordinary."""
        known = self._known.get(name, _NOTHING)
        for argument, scaled in sizes.items():
            size = known.get(argument)
            if size is None:
                if self._arguments >= MAX_ARGUMENTS:
                    continue
                known = self._known.setdefault(name, {})
                size = known[argument] = Size()
                self._arguments += 1
            size.learn(scaled, weight)

    def reasons(self, name: str, sizes: Mapping[str, float]) -> Iterator[Reason]:
        """Yield, for each size that lies beyond one spread, what it is and what is ordinary."""
        known = self._known.get(name, {})
        for argument, scaled in sizes.items():
            size = known.get(argument)
            distance = size.distance(scaled) if size and size.n >= WARM_UP else 0.0
            if size is not None and distance > 1.0:
                observed, expected = _amount(scaled), _amount(size.mean)
                yield Reason(
                    feature=f"{name}:{argument}"[:128],
                    observed=observed,
                    expected=expected,
                    distance=distance,
                    unit="",
                    text=f"{argument} of {name} is {observed:.3g}, ordinary are {expected:.3g}"[
                        :500
                    ],
                )

    def dump(self) -> list[list[Any]]:
        """Return everything as JSON: per argument its event, its name, how many sizes, their mean
        and the sum of squares."""
        return [
            [name, argument, size.n, size.mean, size.squares]
            for name, known in self._known.items()
            for argument, size in known.items()
        ]

    def load(self, rows: Iterable[list[Any]]) -> None:
        """Become what `dump` described."""
        self._known, self._arguments = {}, 0
        for name, argument, n, mean, squares in rows:
            size = self._known.setdefault(name, {})[argument] = Size()
            size.n, size.mean, size.squares = float(n), float(mean), float(squares)
            self._arguments += 1


def _amount(scaled: float) -> float:
    return math.expm1(min(700.0, scaled))
