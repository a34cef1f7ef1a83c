"""Signed notes (C2SP signed-note) and cosignatures (C2SP tlog-cosignature), with Ed25519. Pure.

A note is text, an empty line, and lines `— NAME base64(key id, signature)`. A key is named by
`NAME+ID+base64(type, public key)`, where the id is the first four bytes of
SHA-256(NAME, newline, type, public key).
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from forensics.record.errors import UntrustedError

ED25519 = 1
COSIGNATURE = 4
"""Signature types: of a log, and of a witness with the time at which it looked."""

MOST_SIGNATURES = 64
LONGEST_NOTE = 64 * 1024
_DASH = "\N{EM DASH} "
_NAME = re.compile(r"[^\s+]{1,255}")
_TIME_BYTES = 8
_KEY_BYTES = 32


class Line(NamedTuple):
    """One signature of a note, as it stands there."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        packed = base64.b64encode(self.key_id + self.signature).decode()
        return f"{_DASH}{self.name} {packed}\n"


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name: what a note is checked with."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell it from other keys of that name."""
        text = self.name.encode() + b"\n" + bytes([self.type]) + self.public
        return sha256(text).digest()[:4]

    def __str__(self) -> str:
        packed = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{packed}"

    def check(self, text: str, line: Line) -> int:
        """Return when a witness looked, in seconds since 1970; 0 for a log's signature.

        Raises `UntrustedError` when the signature does not fit.
        """
        signature, stamped, time = line.signature, text, 0
        if self.type == COSIGNATURE:
            time = int.from_bytes(signature[:_TIME_BYTES])
            signature, stamped = signature[_TIME_BYTES:], _stamped(text, time)
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, stamped.encode())
        except (InvalidSignature, ValueError) as error:
            raise UntrustedError(f"the signature of {self.name} does not fit") from error
        return time


def parse_key(text: str) -> Key:
    """Read a key as `Key` writes it. Raises `UntrustedError` for anything else."""
    name, _, rest = text.partition("+")
    known_id, _, packed = rest.partition("+")
    try:
        material = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UntrustedError(f"no verifier key: {text[:80]!r}") from error
    if not _NAME.fullmatch(name) or len(material) != 1 + _KEY_BYTES:
        raise UntrustedError(f"no verifier key: {text[:80]!r}")
    key = Key(name, material[0], material[1:])
    if key.type not in (ED25519, COSIGNATURE) or str(key) != text:
        raise UntrustedError(f"no Ed25519 verifier key, or its id {known_id[:8]!r} is another's")
    return key


class NoteSigner:
    """Signs notes as a log does, or cosigns them as a witness does."""

    def __init__(self, name: str, private: Ed25519PrivateKey, type_: int = ED25519) -> None:
        """Raises `UntrustedError` for a name that no note could carry."""
        if not _NAME.fullmatch(name):
            raise UntrustedError(f"{name[:80]!r} names no key: no blanks, no plus")
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key = Key(name, type_, public)
        self._private = private

    def sign(self, text: str) -> Line:
        """Sign a text as a log; equal texts give equal signatures."""
        return Line(self.key.name, self.key.id, self._private.sign(text.encode()))

    def cosign(self, text: str, time: int) -> Line:
        """Sign a text as a witness that looked at `time`, in seconds since 1970."""
        signature = self._private.sign(_stamped(text, time).encode())
        return Line(self.key.name, self.key.id, time.to_bytes(_TIME_BYTES) + signature)


def _stamped(text: str, time: int) -> str:
    return f"cosignature/v1\ntime {time}\n{text}"


class Note(NamedTuple):
    """A text and the signatures under it."""

    text: str
    lines: tuple[Line, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.lines))}"

    def signed_by(self, keys: Iterable[Key]) -> dict[Key, int]:
        """Return which of these keys signed, and when a witness did; none of them may not fit.

        Raises `UntrustedError` for a signature of a known key that does not fit. Signatures of
        unknown keys say nothing and are passed over.
        """
        known = {(key.name, key.id): key for key in keys}
        found: dict[Key, int] = {}
        for line in self.lines:
            key = known.get((line.name, line.key_id))
            if key is not None:
                found[key] = max(found.get(key, 0), key.check(self.text, line))
        return found

    def with_lines(self, lines: Iterable[Line]) -> "Note":
        """Return the note with these signatures too; a key's newer one replaces its older."""
        kept = {(line.name, line.key_id): line for line in (*self.lines, *lines)}
        return Note(self.text, tuple(kept.values()))


def parse_note(data: bytes) -> Note:
    """Read a signed note. Raises `UntrustedError` for what is none."""
    if len(data) > LONGEST_NOTE:
        raise UntrustedError(f"a note of {len(data):,} bytes, the limit is {LONGEST_NOTE:,}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise UntrustedError(f"a note is UTF-8; byte {error.start} is not") from error
    if any(character < " " and character != "\n" for character in whole):
        raise UntrustedError("a note has no control characters")
    text, gap, signatures = whole.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise UntrustedError("a note ends in an empty line and signatures")
    return Note(text + "\n", tuple(parse_lines(signatures)))


def parse_lines(text: str) -> Iterator[Line]:
    """Read signature lines. Raises `UntrustedError` for what is none."""
    lines: Sequence[str] = text.removesuffix("\n").split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise UntrustedError(f"{len(lines)} signatures, the limit is {MOST_SIGNATURES}")
    for line in lines:
        name, _, packed = line.removeprefix(_DASH).partition(" ")
        try:
            data = base64.b64decode(packed, validate=True)
        except (binascii.Error, ValueError) as error:
            raise UntrustedError(f"no signature: {line[:80]!r}") from error
        if not line.startswith(_DASH) or not _NAME.fullmatch(name) or len(data) <= 4:
            raise UntrustedError(f"no signature: {line[:80]!r}")
        if str(Line(name, data[:4], data[4:])) != line + "\n":
            raise UntrustedError(f"no signature: {line[:80]!r}")
        yield Line(name, data[:4], data[4:])
