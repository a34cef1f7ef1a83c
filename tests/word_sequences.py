"""Sequences of what operators and thieves say, made from bytes, against `Voices` and `enough`.

A signature is a tuple here, so that no time goes into curves: who signed what, or nobody. The one
that counts is `who_said_yes`, which looks at all that was ever signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from responders.consents import MARGIN, VALID_FOR, enough
from responders.levers import within_reach
from responders.questions import LONGEST, Question
from responders.voices import Voices
from schemas.consents import Consent
from schemas.errors import PoisonRecordError
from tests.promises import BrokenPromiseError
from tests.unit.responders.examples import POOL, START
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.quorum import QUORUM, agreed, quorum

NAMES = quorum().operators
THIEF = NAMES[2]
"""Whose key is stolen: it signs whatever helps, on any round and for any time."""

_LEVERS = within_reach([agreed()], FakeChain(), 1)
_WAITS = (1, 60, 300, VALID_FOR - MARGIN, VALID_FOR, 3600)


def signed_by(question: Question, expires: int, signature: str) -> str | None:
    """Stand in for the curve: the signature names its author, and what it is over."""
    who, round_, until, call = signature.split("/")
    fits = (int(round_), int(until), call) == (question.round, expires, question.calldata)
    return who if fits and question.target == POOL else None


def author(question: Question, given: Consent) -> str | None:
    """Stand in for `responders.questions.author`."""
    return signed_by(question, given.expires, given.signature)


@dataclass
class Table:
    """Where words are laid down, and how far the quorum has come."""

    hearing: Voices = field(default_factory=lambda: Voices(_LEVERS))
    now: int = START
    round: int = 0
    words: list[Consent] = field(default_factory=list)
    honest: list[Consent] = field(default_factory=list)

    def act(self, choice: int) -> None:
        """Let one thing happen."""
        kind, more = choice % 8, choice // 8
        if kind < 2:
            self._honest(NAMES[more % 2])
        elif kind < 5:
            self._stolen(more)
        elif kind == 5:
            self.now += _WAITS[more % len(_WAITS)]
        elif kind == 6 and self.words:
            self._hear(self.words[more % len(self.words)])  # replayed
        else:
            self._forged(more)
        self._count()

    def _honest(self, who: str) -> None:
        word = _word(who, who, self.round, self.now + VALID_FOR)
        self.honest.append(word)
        self._hear(word)

    def _stolen(self, more: int) -> None:
        expires = self.now + (1, MARGIN, VALID_FOR, LONGEST, LONGEST + 1)[more % 5]
        call = "0x3f4ba83a" if more % 7 == 6 else "0x8456cb59"
        self._hear(_word(THIEF, THIEF, max(0, self.round + more % 3 - 1), expires, call))

    def _forged(self, more: int) -> None:
        """In an honest one's name: by the thief, or with another round or time than was signed."""
        who = NAMES[more % 2]
        word = _word(who, THIEF, self.round, self.now + VALID_FOR)
        if self.honest and more % 3:
            old = self.honest[more % len(self.honest)]
            word = msgspec.structs.replace(old, round=self.round, expires=self.now + VALID_FOR)
        self._hear(word)

    def _hear(self, word: Consent) -> None:
        self.words.append(word)
        try:
            self.hearing.take(word, self.now)
        except PoisonRecordError:
            return

    def _count(self) -> None:
        asked = Question(31337, QUORUM, POOL, "0x8456cb59", self.round)
        told = quorum()
        heard = self.hearing.words(asked, told)
        found = enough(asked, heard, frozenset(told.operators), told.threshold, self.now)
        willing = {
            one.operator
            for one in self.honest
            if one.round == self.round and self.now + MARGIN <= one.expires
        }
        if not found:
            if len(willing) >= told.threshold:
                raise BrokenPromiseError(f"two who agree are kept from it: {self}")
            return
        who = {one.operator for one in found}
        if len(who) < told.threshold or not who - {THIEF} <= willing or who == {THIEF}:
            raise BrokenPromiseError(f"{who} brake, willing are {willing}")
        self.round += 1  # it is pulled, and people release it


def _word(name: str, signer: str, round_: int, expires: int, call: str = "0x8456cb59") -> Consent:
    return Consent(
        id="0" * 64,
        chain="eip155:31337",
        protocol="meadow",
        quorum=QUORUM,
        target=POOL,
        calldata=call,
        round=round_,
        operator=name,
        expires=expires,
        signature=f"{signer}/{round_}/{expires}/{call}",
    )


def run(data: Sequence[int]) -> Table:
    """Play a sequence. Raises `BrokenPromiseError` at the first act after which one is broken."""
    table = Table()
    for choice in data:
        table.act(choice)
    return table
