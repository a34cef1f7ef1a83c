from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from runtime import signatures
from runtime.broker import Message
from runtime.signatures import Signer, Verifier
from schemas import headers
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.headers import Headers
from schemas.topics import MAX_RECORD_BYTES

VALUE = b'{"kind":"alert"}'


@pytest.fixture
def private() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)


@pytest.fixture
def signer(private: Ed25519PrivateKey) -> Signer:
    return Signer(private)


@pytest.fixture
def verifier(private: Ed25519PrivateKey) -> Verifier:
    public = private.public_key()
    return Verifier({signatures.key_id(public): public})


def _message(value: bytes | None, carried: Headers) -> Message:
    return Message("alerts-v1", 0, 0, b"meadow", value, carried)


def _changed(carried: Headers, name: str, value: bytes) -> Headers:
    return tuple((key, value if key == name else old) for key, old in carried)


def test_a_signed_record_is_believed_until_it_expires(signer: Signer, verifier: Verifier) -> None:
    message = _message(VALUE, signer.sign(VALUE, sequence=70, expires=100))

    assert verifier.check(message, head=None) == 70
    assert verifier.check(message, head=100) == 70
    with pytest.raises(PoisonRecordError, match="expired after block 100, the head is 101"):
        verifier.check(message, head=101)


def test_the_same_record_is_signed_the_same(signer: Signer) -> None:
    assert signer.sign(VALUE, sequence=1, expires=2) == signer.sign(VALUE, sequence=1, expires=2)


@pytest.mark.parametrize("name", [headers.SEQUENCE, headers.EXPIRES])
def test_a_tampered_number_is_found(signer: Signer, verifier: Verifier, name: str) -> None:
    carried = _changed(signer.sign(VALUE, sequence=70, expires=100), name, b"999")

    with pytest.raises(PoisonRecordError, match="does not fit"):
        verifier.check(_message(VALUE, carried), head=None)


@pytest.mark.parametrize("value", [VALUE + b" ", VALUE[:-1], b"", None, b"7" + VALUE])
def test_a_tampered_value_is_found(signer: Signer, verifier: Verifier, value: bytes | None) -> None:
    carried = signer.sign(VALUE, sequence=70, expires=100)

    with pytest.raises(PoisonRecordError, match="does not fit"):
        verifier.check(_message(value, carried), head=None)


def test_bytes_cannot_move_between_the_value_and_the_numbers(
    signer: Signer, verifier: Verifier
) -> None:
    carried = _changed(signer.sign(b"1:x", sequence=7, expires=1), headers.EXPIRES, b"11")

    with pytest.raises(PoisonRecordError, match="does not fit"):
        verifier.check(_message(b":x", carried), head=None)


def test_a_forged_signature_is_found(signer: Signer, verifier: Verifier) -> None:
    carried = signer.sign(VALUE, sequence=70, expires=100)
    for signature in (b"", b"\x00" * 64, dict(carried)[headers.SIGNATURE][:-1]):
        forged = _changed(carried, headers.SIGNATURE, signature)
        with pytest.raises(PoisonRecordError, match="does not fit"):
            verifier.check(_message(VALUE, forged), head=None)


def test_another_key_is_not_believed_whatever_it_calls_itself(
    signer: Signer, verifier: Verifier
) -> None:
    stranger = Signer(Ed25519PrivateKey.from_private_bytes(b"\x02" * 32))
    carried = stranger.sign(VALUE, sequence=70, expires=100)

    with pytest.raises(PoisonRecordError, match=f"unknown key '{stranger.key_id}'"):
        verifier.check(_message(VALUE, carried), head=None)
    disguised = _changed(carried, headers.KEY_ID, signer.key_id.encode())
    with pytest.raises(PoisonRecordError, match="does not fit"):
        verifier.check(_message(VALUE, disguised), head=None)


@pytest.mark.parametrize(
    "name", [headers.KEY_ID, headers.SEQUENCE, headers.EXPIRES, headers.SIGNATURE]
)
@pytest.mark.parametrize("change", ["missing", "empty", "absent"])
def test_a_header_that_is_cut_off_is_poison(
    signer: Signer, verifier: Verifier, name: str, change: str
) -> None:
    signed = signer.sign(VALUE, sequence=70, expires=100)
    carried: tuple[tuple[str, bytes | None], ...] = {
        "missing": tuple(pair for pair in signed if pair[0] != name),
        "empty": _changed(signed, name, b""),
        "absent": tuple((key, None if key == name else value) for key, value in signed),
    }[change]

    with pytest.raises(PoisonRecordError):
        verifier.check(Message("alerts-v1", 0, 0, None, VALUE, carried), head=50)


@pytest.mark.parametrize("number", [b"-1", b"1e3", b"9" * 30, b"\xff", b"70 "])
def test_a_number_that_is_none_is_poison(signer: Signer, verifier: Verifier, number: bytes) -> None:
    carried = _changed(signer.sign(VALUE, sequence=70, expires=100), headers.SEQUENCE, number)

    with pytest.raises(PoisonRecordError, match="sequence"):
        verifier.check(_message(VALUE, carried), head=None)


def test_an_oversize_record_is_refused_before_any_cryptography(verifier: Verifier) -> None:
    with pytest.raises(PoisonRecordError, match="the limit is"):
        verifier.check(_message(b"x" * (MAX_RECORD_BYTES + 1), ()), head=None)


def test_a_key_pair_is_made_and_read_again(tmp_path: Path) -> None:
    secret = signatures.generate(tmp_path / "keys", "detector")

    signer = signatures.load_signer(secret)
    carried = signer.sign(VALUE, sequence=1, expires=2)

    assert secret.stat().st_mode & 0o777 == 0o600
    verifier = signatures.load_verifier(tmp_path / "keys")
    assert verifier.check(_message(VALUE, carried), head=None) == 1


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    secret = signatures.generate(tmp_path, "detector")
    before = secret.read_bytes()

    with pytest.raises(ConfigurationError, match=r"detector\.pem exists"):
        signatures.generate(tmp_path, "detector")
    assert secret.read_bytes() == before


def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = signatures.generate(tmp_path, "detector")
    secret.chmod(0o640)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        signatures.load_signer(secret)


def _pem(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "some.pem"
    key = Ed25519PrivateKey.generate()
    other = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(
        {
            "rubbish": b"rubbish",
            "empty": b"",
            "public": key.public_key().public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            ),
            "encrypted": key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
            ),
            "another kind": other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        }[kind]
    )
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("kind", ["rubbish", "empty", "public", "encrypted", "another kind"])
def test_what_is_no_private_key_is_said_not_to_be_one(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigurationError, match=r"some\.pem is not an? .*private key"):
        signatures.load_signer(_pem(tmp_path, kind))


def test_a_missing_private_key_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.pem: No such file"):
        signatures.load_signer(tmp_path / "none.pem")


def test_no_trusted_key_means_that_nothing_could_be_believed(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigurationError, match=r"no \*\.pub\.pem"):
            signatures.load_verifier(folder)


@pytest.mark.parametrize("content", [b"rubbish", b""])
def test_what_is_no_public_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.pub.pem").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"odd\.pub\.pem is not a public key"):
        signatures.load_verifier(tmp_path)


def test_a_public_key_of_another_kind_is_named(tmp_path: Path) -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "odd.pub.pem").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    with pytest.raises(ConfigurationError, match="not an Ed25519 public key"):
        signatures.load_verifier(tmp_path)
