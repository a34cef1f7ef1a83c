"""How soon to ask again what was asked in vain. No clock: time is that of the newest block."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from responders.chain import Call
from responders.fees import Fee
from responders.questions import Question
from responders.signer import Signer, SignerRefusalError
from responders.transactions import Signed
from schemas.units import Seconds

Answer = TypeVar("Answer")

FIRST, LONGEST = 1, 300
"""Seconds until it is asked again for the first time, each time twice as many, and at most."""


class _Wait(NamedTuple):
    seconds: Seconds
    over: Seconds
    """When it ends."""
    why: str


class Pace:
    """Remembers what was asked in vain, how often, and until when to leave it. What was left for
    longer than `LONGEST` beyond that is forgotten, and begins anew."""

    def __init__(self) -> None:
        self._waits: dict[str, _Wait] = {}

    def due(self, name: str, now: Seconds) -> bool:
        """Say whether to ask now."""
        return name not in self._waits or now >= self._waits[name].over

    def why(self, name: str) -> str:
        """Return why it was in vain the last time, '' where nothing is remembered."""
        return self._waits[name].why if name in self._waits else ""

    def in_vain(self, name: str, now: Seconds, why: str = "") -> None:
        """Remember that it was asked, and came to nothing."""
        known = self._waits.items()
        self._waits = {one: wait for one, wait in known if now - wait.over <= LONGEST}
        before = self._waits[name].seconds if name in self._waits else 0
        wait = min(LONGEST, 2 * before) or FIRST
        self._waits[name] = _Wait(wait, now + wait, why)

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

    @property
    def address(self) -> str:
        """The account."""
        return self._signer.address

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction. Raises as `Signer.sign` does."""
        name = (
            f"{nonce} {call.to} {call.data}"  # without it, the next brake would wait for this one
        )
        return self._asked(name, lambda: self._signer.sign(call, nonce, fee))

    def attest(self, question: Question, expires: Seconds) -> str:
        """Return the signature of a yes. Raises as `Signer.attest` does."""
        return self._asked(repr(question), lambda: self._signer.attest(question, expires))

    def _asked(self, name: str, ask: Callable[[], Answer]) -> Answer:
        now = self._now()
        if not self._pace.due(name, now):
            raise SignerRefusalError(self._pace.why(name))
        try:
            answer = ask()
        except SignerRefusalError as error:
            self._pace.in_vain(name, now, str(error))
            raise
        self._pace.done(name)
        return answer
