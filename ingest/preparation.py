"""Sees accounts prepare, in every transaction of a chain, watched or not."""

import re
import time
from collections.abc import Iterable
from pathlib import Path

from ingest.frames import normal_form
from ingest.posture import PostureMemory
from ingest.raw import RawBlock, RawTransaction
from ingest.watch import Watch
from runtime.logs import logger
from schemas.chain import Deployment, Posture
from schemas.errors import ConfigurationError
from schemas.naming import named_addresses

_log = logger(__name__)

SAVE_SECONDS = 600.0
"""How often the memory is written to its file; what was seen since the last time is lost with the
process. It is a prior, and a lower bound anyway."""

MAX_LABELS = 64 * 1024**2
"""Bytes of a list of addresses that are read."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


def read_addresses(path: Path) -> frozenset[str]:
    """Return every address in a text or CSV file, in lower case.

    Raises `ConfigurationError` when it cannot be read or names none.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_LABELS).decode(errors="replace")
    except OSError as error:
        raise ConfigurationError(f"{path}: the list of mixers cannot be read: {error}") from error
    found = frozenset(address.lower() for address in _ADDRESS.findall(text))
    if not found:
        raise ConfigurationError(f"{path}: the list of mixers names no address")
    return found


class Preparation:
    """Reads the signs of preparation off a chain's transactions, in order."""

    def __init__(
        self, memory: PostureMemory, watch: Watch, mixers: Iterable[str], path: Path | None
    ) -> None:
        """Go on from what `path` holds; without a path nothing is kept."""
        self._memory = memory
        self._watch = watch
        self._mixers = frozenset(mixers)
        self._path = path
        self._saved = time.monotonic()
        if path is not None and path.exists():
            try:
                memory.load(path)
            except (OSError, ValueError, KeyError) as error:
                _log.warning("posture_forgotten", path=str(path), reason=str(error))

    def of(self, account: str | None, seconds: int) -> Posture | None:
        """Return what is remembered of an account before a time."""
        return None if account is None else self._memory.of(account, seconds)

    def observe(
        self, block: RawBlock, tx: RawTransaction, born: Iterable[Deployment], *, touched: bool
    ) -> None:
        """Remember what a transaction shows; `touched` says that it reached a watched contract."""
        if tx.sender is None:
            return
        seconds = block.timestamp
        if self._mixers:
            for account in _paid_by(tx, self._mixers):
                self._memory.funded(account, seconds)
            if tx.to is not None and tx.value and tx.input in ("0x", None) and tx.ok is not False:
                self._memory.passed_on(tx.sender, tx.to, seconds)
        if any(self._names_watched(block.chain, birth) for birth in born):
            self._memory.deployed(tx.sender, seconds)
        if touched and _in_vain(tx):
            self._memory.probed(tx.sender, seconds)

    def _names_watched(self, chain: str, birth: Deployment) -> bool:
        named = named_addresses(birth.code) | named_addresses(birth.creation)
        return bool(self._watch.touched(chain, named))

    def save_if_due(self) -> None:
        """Write the memory to its file from time to time."""
        if time.monotonic() - self._saved >= SAVE_SECONDS:
            self.save()

    def save(self) -> None:
        """Write the memory to its file."""
        self._saved = time.monotonic()
        if self._path is not None:
            try:
                self._memory.save(self._path)
            except OSError as error:
                _log.warning("posture_unsaved", path=str(self._path), reason=str(error))


def _paid_by(tx: RawTransaction, payers: frozenset[str]) -> set[str]:
    """Return who got the chain's coin or tokens straight from one of the payers."""
    paid: set[str] = set()
    if any(frame.sender in payers and frame.value for frame in tx.frames or ()):
        paid.update(
            frame.to
            for frame in normal_form(tx.frames or ())
            if frame.ok and frame.value and frame.sender in payers
        )
    for log in tx.logs or ():
        if len(log.topics) == 3 and log.topics[0] == _TRANSFER:
            sender, to = (f"0x{topic[26:]}" for topic in log.topics[1:])
            if sender in payers:
                paid.add(to)
    return paid - payers


def _in_vain(tx: RawTransaction) -> bool:
    """Say whether a call failed, or moved nothing and left no trace."""
    if tx.ok is False:
        return True
    moved = tx.value or any(frame.value for frame in tx.frames or ())
    return tx.to is not None and tx.logs == [] and not moved
