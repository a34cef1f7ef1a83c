"""Our own word: from what is to be said of a case to a signed signal on the topic."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from neighbours.outbound import Draft, Rules, Said, draft, due
from neighbours.sequence import Sequence
from runtime.logs import logger
from schemas.alerts import SEVERITIES
from schemas.incidents import Incident
from schemas.signals import Signal, Tlp
from schemas.units import Seconds

_log = logger(__name__)

MOST_PER_HOUR = 60
"""Signals; beyond that the newest state of each case waits."""

MOST_WAITING = 1000
"""Cases; the least grave is forgotten first, since its next change brings it back."""

_HOUR = 3600
_UNSIGNED = "0x" + "00" * 65


class StatementSigner(Protocol):
    """An account that signs signals."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign_statement(self, signal: Signal) -> str:
        """Return the EIP-712 signature (`runtime.statement`), 65 bytes in hexadecimal.

        Raises `TransientError` when the signer does not answer.
        """
        ...


class Issuing:
    """Remembers what was said, and says what is due. Does not publish: `send` does."""

    def __init__(
        self,
        signer: StatementSigner,
        sequence: Sequence,
        rules: Rules,
        tlp: Tlp,
        homes: Mapping[str, tuple[str, ...]],
    ) -> None:
        """`homes` names the accounts of each protocol of ours, as `draft` takes them; a case of
        another is not told."""
        self._signer = signer
        self._sequence = sequence
        self._rules = rules
        self._tlp = tlp
        self._homes = homes
        self._said: dict[str, tuple[int, Said]] = {}
        self._waiting: dict[str, Incident] = {}
        self._times: list[Seconds] = []

    @property
    def issuer(self) -> str:
        """The account that signs."""
        return self._signer.address

    def remember(self, signal: Signal) -> None:
        """Take in one of our own signals, as the topic has it."""
        self._sequence.at_least(signal.seq)
        seq, _ = self._said.get(signal.id, (-1, None))
        if signal.seq > seq:
            said = Said(signal.severity, signal.confidence, signal.expiry)
            self._said[signal.id] = (signal.seq, said)

    def consider(self, case: Incident) -> None:
        """Let a case's newest state wait until it is due; one that never is, is forgotten."""
        if case.protocol not in self._homes:
            return
        self._waiting[case.id] = case
        if len(self._waiting) > MOST_WAITING:
            least = min(self._waiting.values(), key=_gravity)
            del self._waiting[least.id]

    def tell(self, now: Seconds, send: Callable[[Signal], None]) -> None:
        """Sign and send what is due, the gravest first. `send` returns once the signal is kept.

        Raises `UnsafeToContinueError` when the sequence cannot be kept, `TransientError` when the
        signer does not answer: what was not sent is due still.
        """
        self._times = [time for time in self._times if now - time < _HOUR]
        for case in sorted(self._waiting.values(), key=_gravity, reverse=True):
            told = draft(case, self.issuer, self._homes[case.protocol])
            known = self._said.get(told.id)
            if due(told, case, known[1] if known else None, self._rules, now):
                if len(self._times) >= MOST_PER_HOUR:
                    _log.error("too_many_signals", waiting=len(self._waiting))
                    return
                signal = self._signed(told, now)
                send(signal)
                self._times.append(now)
                self.remember(signal)
            elif case.latest + self._rules.lifetime <= now:
                del self._waiting[case.id]

    def _signed(self, told: Draft, now: Seconds) -> Signal:
        unsigned = Signal(
            id=told.id,
            issuer=self.issuer,
            seq=self._sequence.next(),
            expiry=now + self._rules.lifetime,
            target=told.target,
            technique=told.technique,
            severity=told.severity,
            confidence=told.confidence,
            evidence_root=told.evidence_root,
            signature=_UNSIGNED,
            tlp=self._tlp,
        )
        return msgspec.structs.replace(unsigned, signature=self._signer.sign_statement(unsigned))


def _gravity(case: Incident) -> tuple[int, Seconds, str]:
    return SEVERITIES.index(case.severity), case.latest, case.id
