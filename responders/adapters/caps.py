"""Brakes that lower a cap.

Two traps. What 0 means differs: nothing at all, or no cap. And a call that lowers a cap raises one
that somebody lowered further in the meantime: so the cap is read right before it is signed, and
anew with every higher fee, and one that is lower is set to what it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from responders.adapters.base import Condition
from responders.adapters.calls import word
from responders.adapters.family import Deed, Family
from responders.chain import Call, Chain


class Zero(Enum):
    """What a cap of 0 means."""

    UNLIMITED = "no-cap"
    CLOSED = "nothing"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The cap that a brake sets, and how the current one is read."""

    cap: int
    question: Call
    """Answered with the current cap."""
    zero: Zero

    def holds(self, current: int) -> bool:
        """Tell whether the current cap is as low."""
        return current <= self.cap and not self.is_none(current)

    def raised(self, before: int, after: int) -> bool:
        """Tell whether the cap was lower before."""
        return before < after and not self.is_none(before)

    def is_none(self, current: int) -> bool:
        """Tell whether the current value is no cap."""
        return current == 0 and self.zero is Zero.UNLIMITED


class Capped(Family):
    """Lowers one cap."""

    def __init__(
        self,
        chain: Chain,
        deed: Deed,
        ceiling: Ceiling,
        setting: Callable[[int], str] | None = None,
    ) -> None:
        """`setting` makes the call for a cap; None where the target refuses to raise one, or the
        manifest spells the call out."""
        super().__init__(chain, deed)
        self._ceiling = ceiling
        self._setting = setting

    def probe(self, block: int) -> Condition:
        """Read the cap."""
        current = self._current(block)
        if current is None:
            return Condition.UNKNOWN
        return Condition.BRAKED if self._ceiling.holds(current) else Condition.OPEN

    def calldata(self, block: int | None) -> str:
        """Return the call that lowers the cap, or leaves it where it is as low already.

        A gate allows the manifest's call alone, and so refuses the second.
        """
        current = None if self._setting is None else self._current(block)
        if self._setting is None or current is None or not self._ceiling.holds(current):
            return self.deed.calldata
        return self._setting(current)

    def undone(self, block: int) -> str:
        """Say so if somebody else's lower cap was raised."""
        before, after = self._current(block - 1), self._current(block)
        if before is None or after is None or not self._ceiling.raised(before, after):
            return ""
        return f"the cap was {before} before: lower it again"

    def _current(self, block: int | None) -> int | None:
        question = self._ceiling.question
        return word(self.chain, question.to, question.data, block)
