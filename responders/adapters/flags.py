"""Brakes that are seen by one question, whose answer is a flag."""

from responders.adapters.base import Condition
from responders.adapters.calls import word
from responders.adapters.family import Deed, Family
from responders.chain import Chain


class Flagged(Family):
    """Sets a flag that can be read."""

    def __init__(self, chain: Chain, deed: Deed, question: str) -> None:
        """`question`: the calldata that the target answers with its flag."""
        super().__init__(chain, deed)
        self._question = question

    def probe(self, block: int) -> Condition:
        """Read the flag; a target that has no answer is unknown."""
        answer = word(self.chain, self.deed.target, self._question, block)
        if answer is None:
            return Condition.UNKNOWN
        return Condition.BRAKED if answer else Condition.OPEN
