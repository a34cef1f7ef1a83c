"""Ed25519 signatures over records, in their headers.

A signature covers the value, the key id, a sequence and an expiry. Both numbers come from the
block's position, so the same record always carries the same ones. Checks are ordered by cost: size,
key, its term, expiry and sequence before any cryptography.

Keys are replaced without a gap: for a while two are trusted, then the old one is retired, per
chain, after a block. Beyond that block it is not believed, nor is anything that it claims to have
signed before, once our own node is past it.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from runtime import terms
from runtime.broker import Message
from runtime.secrets import require_private
from runtime.terms import Retired
from schemas import headers
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.headers import Headers
from schemas.ids import content_id
from schemas.topics import MAX_RECORD_BYTES

_POSITIONS_PER_BLOCK = 2**20
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def sequence(block: int, index: int) -> int:
    """Return the place of a transaction in its chain as one number."""
    return block * _POSITIONS_PER_BLOCK + index


def _statement(value: bytes, key_id: str, sequence: int, expires: int) -> bytes:
    frame = f"firebreak-signature-v1:{len(key_id)}:{key_id}:{sequence}:{expires}:{len(value)}:"
    return frame.encode() + value


def key_id(public: Ed25519PublicKey) -> str:
    """Name a key by its content."""
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return content_id("ed25519", raw.hex())[:32]


class Signer:
    """Signs records with one private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_key = private.public_key()
        self.key_id = key_id(self.public_key)

    def sign(self, value: bytes, *, sequence: int, expires: int) -> Headers:
        """Return the headers that prove who wrote this value; void after block `expires`."""
        statement = _statement(value, self.key_id, sequence, expires)
        return (
            (headers.KEY_ID, self.key_id.encode()),
            (headers.SEQUENCE, b"%d" % sequence),
            (headers.EXPIRES, b"%d" % expires),
            (headers.SIGNATURE, self._private.sign(statement)),
        )


def signed(value: bytes, signer: Signer) -> Headers:
    """Return the headers that prove who wrote a value that is read long after it was signed: they
    say no block, so they are checked against no head, as `Verifier.require` does."""
    return signer.sign(value, sequence=0, expires=0)


class Verifier:
    """Accepts records that a known key signed and that have not expired.

    It keeps no state: a record that is replayed before it expires is believed again, and has the
    same id, so that it has no second effect.
    """

    def __init__(
        self, keys: Mapping[str, Ed25519PublicKey], retired: Retired | None = None
    ) -> None:
        self._keys = dict(keys)
        self._retired = retired or {}

    def check(self, message: Message, *, head: int | None, chain: str | None = None) -> int:
        """Return the record's sequence if it may be believed at block `head`.

        `head` is the newest block this service knows, None before it knows any; `chain` is the one
        it is a block of, None to leave the key's term to `require_in_term`. Raises
        `PoisonRecordError` with the reason otherwise.
        """
        value = message.value or b""
        if len(value) > MAX_RECORD_BYTES:
            raise PoisonRecordError(f"{len(value):,} bytes, the limit is {MAX_RECORD_BYTES:,}")
        name = key_name(message)
        public = self._keys.get(name)
        if public is None:
            raise PoisonRecordError(f"signed by unknown key {name[:32]!r}")
        sequence = headers.number(message.headers, headers.SEQUENCE)
        expires = headers.number(message.headers, headers.EXPIRES)
        if chain is not None:
            self._require_in_term(name, chain, max(sequence // _POSITIONS_PER_BLOCK, head or 0))
        if head is not None and head > expires:
            raise PoisonRecordError(f"expired after block {expires}, the head is {head}")
        signature = headers.find(message.headers, headers.SIGNATURE) or b""
        try:
            public.verify(signature, _statement(value, name, sequence, expires))
        except InvalidSignature:
            raise PoisonRecordError(f"the signature of key {name} does not fit") from None
        return sequence

    def require(self, message: Message, chain: str, block: int) -> None:
        """Raise `PoisonRecordError` unless a key signed what is about this block, within its term;
        whenever that was."""
        self.check(message, head=None)
        self.require_in_term(message, chain, block)

    def require_in_term(self, message: Message, chain: str, block: int) -> None:
        """Raise `PoisonRecordError` if the key of a checked record was retired before its block."""
        self._require_in_term(key_name(message), chain, block)

    def _require_in_term(self, name: str, chain: str, block: int) -> None:
        last = self._retired.get(name, {}).get(chain)
        if last is not None and block > last:
            raise PoisonRecordError(f"key {name} was retired after block {last} of {chain}")


def key_name(message: Message) -> str:
    """Return which key a message says signed it: anybody's word until that is checked."""
    return (headers.find(message.headers, headers.KEY_ID) or b"").decode("ascii", "replace")


def load_signer(path: Path) -> Signer:
    """Read the key that signs records. Raises as `load_private` does."""
    return Signer(load_private(path))


def load_private(path: Path) -> Ed25519PrivateKey:
    """Read a private key from a PEM file that only its owner may read.

    Raises `ConfigurationError` when there is none, or others may read it too.
    """
    try:
        require_private(path)
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{path} is not a private key in PEM, unencrypted") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is not an Ed25519 private key")
    return private


def load_verifier(folder: Path) -> Verifier:
    """Read every `*.pub.pem` of a folder; each is a key whose records are believed, for as long as
    `retired.toml` there lets it.

    Raises `ConfigurationError` when there is none, or one is something else.
    """
    keys = public_keys(folder)
    if not keys:
        raise ConfigurationError(f"no *.pub.pem in {folder}: nobody could ever be believed")
    return Verifier({key_id(public): public for public in keys.values()}, terms.read(folder))


def verifier_of(folder: Path | None) -> Verifier | None:
    """Return who believes the keys of a folder, None where none is named. Raises as
    `load_verifier` does."""
    return None if folder is None else load_verifier(folder)


def public_keys(folder: Path) -> dict[Path, Ed25519PublicKey]:
    """Return the public keys of a folder by their files."""
    return {path: _public(path) for path in sorted(folder.glob("*.pub.pem"))}


def _public(path: Path) -> Ed25519PublicKey:
    try:
        public = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{path} is not a public key in PEM") from error
    if not isinstance(public, Ed25519PublicKey):
        raise ConfigurationError(f"{path} is not an Ed25519 public key")
    return public


def generate(folder: Path, name: str) -> Path:
    """Make a key pair: `NAME.pem`, readable by its owner alone, and `NAME.pub.pem`.

    Raises `ConfigurationError` when there is a key of that name: who trusts it would lose it.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(f"{name!r} names no key: use letters, digits, - and _")
    folder.mkdir(parents=True, exist_ok=True)
    private = Ed25519PrivateKey.generate()
    secret = folder / f"{name}.pem"
    try:
        secret.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise ConfigurationError(f"{secret} exists; give another name, or remove it") from None
    secret.write_bytes(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pub.pem").write_bytes(public)
    return secret
