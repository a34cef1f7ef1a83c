"""Whose cases are believed: those that a key of whoever keeps them signed, where any is named.

A case is read long after it was signed, so its signature does not expire; a key's term ends as any
other's does. It says no block: unsigned records, with any number for one, are among what a case is
made of. So it does not bind a case to its time: an older state that was true once is believed again
until the next one comes.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from runtime.broker import Message, Producer
from runtime.intake import FUSE, Intake
from runtime.metrics import Metrics
from runtime.signatures import Verifier, verifier_of
from schemas.base import Record
from schemas.codec import decode
from schemas.errors import PoisonRecordError
from schemas.incidents import Incident
from schemas.topics import INCIDENTS
from schemas.units import Height


class Keepers:
    """Those whose cases are believed; everybody where no key is named."""

    def __init__(self, keys: Verifier | None = None) -> None:
        self._keys = keys
        self.named = keys is not None
        """Whether a case that is believed was signed."""

    def read(self, message: Message) -> Incident:
        """Return the case of a message of `incidents-v1`.

        Raises `PoisonRecordError` for one that cannot be read, or is not to be believed.
        """
        self.require_signed(message)
        case = decode(message.value or b"", Incident)
        self.require_own(message, case)
        return case

    def require_signed(self, message: Message) -> None:
        """Raise `PoisonRecordError` unless one of them signed these bytes. To be asked before they
        are decoded: rubbish of a stranger's is no sign that versions differ."""
        if self._keys is not None:
            self._keys.check(message, head=None)

    def require_own(self, message: Message, case: Incident) -> None:
        """Raise `PoisonRecordError` for a signed case beyond its key's term, or under the key of
        another case, whose place it would take."""
        if self._keys is None:
            return
        if message.key != key_of(case):
            raise PoisonRecordError(f"its key is not that of case {case.id}")
        self._keys.require_in_term(message, case.chain, _newest(case))


class CaseIntake(Intake):
    """An intake that leaves out cases which are not to be believed: it keeps them as dead letters,
    and no streak of them stops it."""

    def __init__(
        self,
        producer: Producer,
        metrics: Metrics,
        service: str,
        keepers: Keepers,
        *,
        fuse: int | None = FUSE,
    ) -> None:
        super().__init__(producer, metrics, service, fuse=fuse)
        self.keepers = keepers

    def read_all(self, messages: Iterable[Message]) -> Iterator[tuple[Message, Record]]:
        """See `Intake`."""
        for message, record in super().read_all(self._signed(messages)):
            try:
                if isinstance(record, Incident):
                    self.keepers.require_own(message, record)
            except PoisonRecordError as error:
                self.reject(message, str(error), fault="content")
            else:
                yield message, record

    def _signed(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            try:
                if message.topic == INCIDENTS.name:
                    self.keepers.require_signed(message)
            except PoisonRecordError as error:
                self.reject(message, str(error), fault="content")
            else:
                yield message


def keepers_of(folder: Path | None) -> Keepers:
    """Return those whose keys are in a folder, everybody without one.

    Raises `ConfigurationError` for keys that are none.
    """
    return Keepers(verifier_of(folder))


def key_of(case: Incident) -> bytes:
    """Return the key of a case on its topic."""
    return f"{case.protocol}/{case.id}".encode()


def _newest(case: Incident) -> Height:
    """Return the newest block that a case tells of."""
    seen = [sighting.block for sighting in case.sightings]
    braked = [measure.block for measure in case.measures if measure.block is not None]
    led = [] if case.progress is None else [case.progress.block]
    return max((*seen, *braked, *led), default=0)
