"""Which signals are taken: every check that is cheap comes before the one that is not.

Size, form, whether the issuer is known, expiry and sequence are looked at before any key is
recovered from a signature, so that a flood of rubbish costs a reader microseconds each.
"""

from collections.abc import Collection
from typing import Literal, cast

from runtime import statement
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.signals import MAX_LIFETIME, MAX_SIGNAL_BYTES, Signal, Verdict, require_form
from schemas.topics import SIGNALS
from schemas.units import Seconds

Refusal = Literal["size", "form", "issuer", "expiry", "sequence", "signature", "rate"]

KEPT: frozenset[Refusal] = frozenset({"size", "form", "signature"})
"""What is wrong with the bytes themselves, which are kept then. Others are late, known already or
nobody's concern."""

WIDTH = 64
"""How far behind the newest sequence one may be and still be new: carriers overtake each other."""


class RefusedSignalError(PoisonRecordError):
    """It is not believed; `why` says which check it failed."""

    def __init__(self, why: Refusal, reason: str) -> None:
        super().__init__(reason)
        self.why: Refusal = why


def read(value: bytes) -> Signal | Verdict:
    """Return what these bytes are, their size looked at first; nothing is believed yet.

    Raises `RefusedSignalError` for anything else.
    """
    if len(value) > MAX_SIGNAL_BYTES:
        raise RefusedSignalError(
            "size", f"{len(value):,} bytes, a signal has {MAX_SIGNAL_BYTES:,} at most"
        )
    try:
        return cast("Signal | Verdict", decode_from(SIGNALS, value))
    except PoisonRecordError as error:
        raise RefusedSignalError("form", str(error)) from error


class Window:
    """The sequences of one issuer that were taken (the anti-replay window of RFC 4303, 3.4.3)."""

    __slots__ = ("_newest", "_seen")

    def __init__(self) -> None:
        self._newest = -1
        self._seen = 0
        """Bit n: `_newest` - n was taken."""

    def fresh(self, seq: int) -> bool:
        """Say whether this one was not taken yet; what is too far behind counts as taken."""
        behind = self._newest - seq
        return behind < 0 or (behind < WIDTH and not self._seen >> behind & 1)

    def take(self, seq: int) -> None:
        """Remember a fresh one."""
        ahead = seq - self._newest
        if ahead > 0:
            self._seen = (self._seen << min(ahead, WIDTH) | 1) & ((1 << WIDTH) - 1)
            self._newest = seq
        else:
            self._seen |= 1 << -ahead


class Admission:
    """Takes each signal of a known issuer once, in its time.

    What it has taken it knows as long as it lives; whoever starts again reads the topic from its
    beginning, which has everything that has not expired.
    """

    def __init__(self, issuers: Collection[str]) -> None:
        """`issuers` are accounts, in lower-case hexadecimal."""
        self._windows = {issuer: Window() for issuer in issuers}

    def admit(self, signal: Signal, now: Seconds) -> None:
        """Take a signal at `now`. Raises `RefusedSignalError`, and nothing else, for one that is
        not taken."""
        self.check(signal, now)
        self.note(signal)

    def check(self, signal: Signal, now: Seconds) -> None:
        """Raise what `admit` would raise, and take nothing."""
        try:
            require_form(signal)
        except PoisonRecordError as error:
            raise RefusedSignalError("form", str(error)) from error
        window = self._windows.get(signal.issuer)
        if window is None:
            raise RefusedSignalError("issuer", f"nobody here listens to {signal.issuer}")
        if signal.expiry <= now:
            raise RefusedSignalError("expiry", f"expired at {signal.expiry}, it is {now}")
        if signal.expiry > now + MAX_LIFETIME:
            raise RefusedSignalError(
                "expiry", f"asks to be believed until {signal.expiry}; {MAX_LIFETIME} s is the most"
            )
        if not window.fresh(signal.seq):
            raise RefusedSignalError("sequence", f"sequence {signal.seq} came before")
        try:
            signer = statement.signer_of(signal)
        except PoisonRecordError as error:
            raise RefusedSignalError("signature", str(error)) from error
        if signer != signal.issuer:
            raise RefusedSignalError("signature", f"signed by {signer}, not by {signal.issuer}")

    def note(self, signal: Signal) -> None:
        """Take a signal that was checked just now."""
        self._windows[signal.issuer].take(signal.seq)
