"""Every operator's word on the brakes within reach, as they come. No clock, no IO."""

from collections import OrderedDict
from typing import NamedTuple

from responders.levers import Levers
from responders.questions import LONGEST, Question, author
from schemas.consents import Consent
from schemas.errors import PoisonRecordError
from schemas.operators import Quorum
from schemas.units import Seconds

MOST_ROUNDS = 4
"""That one operator's words on one brake are kept of; the oldest heard is forgotten first. Only
the present round counts, and an operator can fill nobody's room but its own."""


class _Place(NamedTuple):
    protocol: str
    chain: str
    quorum: str
    target: str


class Voices:
    """Remembers of each operator, brake and round the word that is valid for longest."""

    def __init__(self, levers: Levers) -> None:
        self._quorums: dict[_Place, Quorum] = {}
        for lever in levers.values():
            if lever.quorum is not None:
                protocol, chain = lever.manifest.protocol, lever.manifest.chain
                place = _Place(protocol, chain, lever.quorum.contract, lever.brake.target)
                self._quorums[place] = lever.quorum
        self._words: dict[tuple[str, str, str], OrderedDict[tuple[str, int], Consent]] = {}

    def take(self, word: Consent, now: Seconds) -> bool:
        """Hear a word; say whether it may count. One of a brake that is not within reach does not,
        nor one that is stale or says nothing new.

        Raises `PoisonRecordError` for one that nobody of the quorum said.
        """
        place = _Place(word.protocol, word.chain, word.quorum, word.target)
        quorum = self._quorums.get(place)
        if quorum is None or not now < word.expires <= now + LONGEST:
            return False
        if word.operator not in quorum.operators:
            raise PoisonRecordError(f"{word.operator} is no operator of {word.protocol}")
        heard = self._words.setdefault((word.quorum, word.target, word.operator), OrderedDict())
        asked = (word.calldata, word.round)
        if asked in heard and heard[asked].expires >= word.expires:
            return False
        if author(Question.of(word), word) != word.operator:
            raise PoisonRecordError(f"{word.operator} did not sign this")
        heard[asked] = word
        heard.move_to_end(asked)
        if len(heard) > MOST_ROUNDS:
            heard.popitem(last=False)
        return True

    def words(self, question: Question, quorum: Quorum) -> list[Consent]:
        """Return what was heard on a question, one word an operator."""
        asked = (question.calldata, question.round)
        heard = (
            self._words.get((question.quorum, question.target, one)) for one in quorum.operators
        )
        return [words[asked] for words in heard if words is not None and asked in words]
