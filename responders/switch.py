"""The kill switch, and who may turn it on: files beside the journal.

Two different people of `respond.arming_keys` have to sign before brakes are sent; their words are
in `JOURNAL.armed`. `JOURNAL.disarmed` takes them back at once; anyone who may write there can do
it, alone. Then both sign again, what stands there. What cannot be read leaves it disarmed.
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


class Word(msgspec.Struct, frozen=True):
    """One person's, on how the switch stood when they signed it."""

    key: str
    signature: bytes


class _Disarmed(msgspec.Struct, frozen=True):
    reason: str = ""


class Switch:
    """One responder's, named by where its journal is."""

    def __init__(self, journal: Path, keys: Verifier) -> None:
        """`keys` are those of the people who may arm; where there are none, nobody ever can."""
        self._disarmed = journal.with_name(f"{journal.name}.disarmed")
        self._armed = journal.with_name(f"{journal.name}.armed")
        self._keys = keys
        self._known: tuple[tuple[bytes, bytes], dict[str, bytes]] = (b"", b""), {}
        """What was seen last and what its signatures are worth: it is asked at every step of a
        brake, from several threads, which have to find the two together."""

    def on(self) -> bool:
        """Say whether brakes may be sent."""
        try:
            return len(self._signed()) >= PEOPLE
        except OSError:
            return False

    def require_armed(self) -> None:
        """Raise `ConfigurationError` unless two people armed it.

        One that was disarmed since may start: it signs nothing, and follows what was sent before.
        """
        if not self.on() and not self._disarmed.exists():
            raise ConfigurationError(
                "not armed: this takes two people of respond.arming_keys, and each signs with a "
                f"key of their own, where {self._armed.parent} is: firebreak arm --key KEY.pem"
            )

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

    def arm(self, word: Word) -> int:
        """Add one person's word; return how many are still missing.

        Raises `ConfigurationError` when people disarmed since it was signed: it says nothing of how
        the switch stands now.
        """
        if not self._fits(word, self._statement()):
            raise ConfigurationError(
                "disarmed while this was told: nothing was signed; look why, then arm again"
            )
        words = {**self._signed(), word.key: word.signature}
        lines = [Word(key, signature) for key, signature in words.items()]
        self._armed.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._armed.write_bytes(msgspec.json.encode(lines[-_MOST_WORDS:]))
        return max(0, PEOPLE - len(words))

    def word(self, person: Signer) -> Word:
        """Return a person's word for how the switch stands now.

        Raises `ConfigurationError` when their key is not among those of the people who may arm.
        """
        statement = self._statement()
        given = dict(person.sign(statement, sequence=0, expires=0))
        word = Word(person.key_id, given[headers.SIGNATURE] or b"")
        if not self._fits(word, statement):
            raise ConfigurationError("this key is not among respond.arming_keys")
        return word

    def _statement(self) -> bytes:
        return b"firebreak-arm-v1:%s:" % str(self._armed.absolute()).encode() + _read(
            self._disarmed
        )

    def _signed(self) -> dict[str, bytes]:
        """Return the words of different people on how it stands now, by key."""
        found = _read(self._armed), self._statement()
        seen, words = self._known
        if seen != found:
            words = self._believed(*found)
            self._known = found, words
        return words

    def _believed(self, data: bytes, statement: bytes) -> dict[str, bytes]:
        try:
            words = msgspec.json.decode(data or b"[]", type=list[Word])[:_MOST_WORDS]
        except msgspec.MsgspecError:  # as good as none: whoever arms writes it anew
            return {}
        return {word.key: word.signature for word in words if self._fits(word, statement)}

    def _fits(self, word: Word, statement: bytes) -> bool:
        signed = (
            (headers.KEY_ID, word.key.encode()),
            (headers.SEQUENCE, b"0"),
            (headers.EXPIRES, b"0"),
            (headers.SIGNATURE, word.signature),
        )
        try:
            self._keys.check(Message("", 0, 0, None, statement, signed), head=None)
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
