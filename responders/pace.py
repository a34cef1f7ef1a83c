"""How soon to ask again what was asked in vain. No clock: time is that of the newest block."""

from collections.abc import Callable
from typing import TypeVar

from responders.chain import Call
from responders.fees import Fee
from responders.questions import Question
from responders.signer import Signer, SignerRefusalError
from responders.transactions import Signed
from schemas.units import Seconds

Answer = TypeVar("Answer")

FIRST, LONGEST = 1, 300
"""Seconds until it is asked again for the first time, each time twice as many, and at most."""


class Pace:
    """Remembers what was asked in vain, how often, and until when to leave it."""

    def __init__(self) -> None:
        self._waits: dict[str, tuple[Seconds, Seconds]] = {}
        """By name: the last wait, and when it is over."""

    def due(self, name: str, now: Seconds) -> bool:
        """Say whether to ask now."""
        return now >= self._waits.get(name, (0, 0))[1]

    def in_vain(self, name: str, now: Seconds) -> None:
        """Remember that it was asked, and came to nothing."""
        before = self._waits.get(name, (0, 0))[0]
        wait = min(LONGEST, 2 * before) or FIRST
        self._waits[name] = wait, now + wait

    def done(self, name: str) -> None:
        """Forget it."""
        self._waits.pop(name, None)


class PacedSigner:
    """A signer that is asked again for what it refused on later blocks only, each time twice as
    late; until then its refusal stands. Of blocks that are further apart than `FIRST`, that is each
    of the first ones."""

    def __init__(self, signer: Signer, now: Callable[[], Seconds]) -> None:
        """`now` is the time of the newest block."""
        self._signer = signer
        self._now = now
        self._pace = Pace()
        self._refusals: dict[str, str] = {}
        """In the signer's words, by what was asked."""

    @property
    def address(self) -> str:
        """The account."""
        return self._signer.address

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction. Raises as `Signer.sign` does."""
        return self._asked(f"{call.to} {call.data}", lambda: self._signer.sign(call, nonce, fee))

    def attest(self, question: Question, expires: Seconds) -> str:
        """Return the signature of a yes. Raises as `Signer.attest` does."""
        return self._asked(repr(question), lambda: self._signer.attest(question, expires))

    def _asked(self, name: str, ask: Callable[[], Answer]) -> Answer:
        now = self._now()
        if not self._pace.due(name, now):
            raise SignerRefusalError(self._refusals[name])
        try:
            answer = ask()
        except SignerRefusalError as error:
            self._pace.in_vain(name, now)
            self._refusals[name] = str(error)
            raise
        self._pace.done(name)
        self._refusals.pop(name, None)
        return answer
