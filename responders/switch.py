"""The kill switch, and who may turn it back: files beside the journal.

`JOURNAL.disarmed` disarms at once, whatever the settings say; anyone who may write there can do it,
alone. Where `respond.arming_keys` names people's keys, two different ones have to sign before
brakes are sent, and again each time after it was disarmed: they sign what stands in
`JOURNAL.disarmed`. What cannot be read leaves it disarmed.
"""

from pathlib import Path

import msgspec

from runtime.broker import Message
from runtime.signatures import Signer, Verifier
from schemas import headers
from schemas.errors import ConfigurationError, PoisonRecordError

PEOPLE = 2
"""So many different keys arm."""

_MOST_BYTES = 64 * 1024
_MOST_WORDS = 16


class _Word(msgspec.Struct, frozen=True):
    key: str
    signature: bytes


class _Disarmed(msgspec.Struct, frozen=True):
    reason: str = ""


class Switch:
    """One responder's, named by where its journal is."""

    def __init__(self, journal: Path, keys: Verifier | None) -> None:
        """`keys` are the people's; without them nobody has to sign, and only `disarm` counts."""
        self._disarmed = journal.with_name(f"{journal.name}.disarmed")
        self._armed = journal.with_name(f"{journal.name}.armed")
        self._keys = keys

    def on(self) -> bool:
        """Say whether brakes may be sent."""
        try:
            if self._keys is None:
                return not self._disarmed.exists()
            return len(self._signed()) >= PEOPLE
        except (OSError, msgspec.MsgspecError):
            return False

    def told(self) -> tuple[str, tuple[str, ...]]:
        """Return why it was disarmed and whose keys signed since, as far as that can be read."""
        try:
            said = msgspec.json.decode(_read(self._disarmed) or b"{}", type=_Disarmed)
            return said.reason, tuple(self._signed())
        except (OSError, msgspec.MsgspecError):
            return "", ()

    def disarm(self, reason: str, now_ns: int) -> None:
        """Stop every brake that is not signed yet; lasts until people arm it again."""
        self._disarmed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._disarmed.write_bytes(msgspec.json.encode({"since": now_ns, "reason": reason}))

    def arm(self, person: Signer | None) -> int:
        """Add one person's word; return how many are still missing.

        Raises `ConfigurationError` when keys are wanted and this one is not among them.
        """
        if self._keys is None:
            self._disarmed.unlink(missing_ok=True)
            return 0
        if person is None:
            raise ConfigurationError("arming takes two people's keys: give yours with --key")
        given = dict(person.sign(self._statement(), sequence=0, expires=0))
        signature = given[headers.SIGNATURE] or b""
        words = {**self._signed(), person.key_id: signature}
        if not self._fits(person.key_id, signature):
            raise ConfigurationError("this key is not among respond.arming_keys")
        lines = [_Word(key, word) for key, word in words.items()]
        self._armed.write_bytes(msgspec.json.encode(lines[-_MOST_WORDS:]))
        return max(0, PEOPLE - len(words))

    def _statement(self) -> bytes:
        return b"firebreak-arm-v1:%s:" % str(self._armed.absolute()).encode() + _read(
            self._disarmed
        )

    def _signed(self) -> dict[str, bytes]:
        """Return the words of different people on how it stands now, by key."""
        data = _read(self._armed)
        if not data:
            return {}
        words = msgspec.json.decode(data, type=list[_Word])[:_MOST_WORDS]
        return {word.key: word.signature for word in words if self._fits(word.key, word.signature)}

    def _fits(self, key: str, signature: bytes) -> bool:
        if self._keys is None:
            return False
        signed = (
            (headers.KEY_ID, key.encode()),
            (headers.SEQUENCE, b"0"),
            (headers.EXPIRES, b"0"),
            (headers.SIGNATURE, signature),
        )
        try:
            self._keys.check(Message("", 0, 0, None, self._statement(), signed), head=None)
        except PoisonRecordError:
            return False
        return True


def _read(path: Path) -> bytes:
    """Return what a file holds, nothing when there is none. Raises `OSError` otherwise."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        return b""
