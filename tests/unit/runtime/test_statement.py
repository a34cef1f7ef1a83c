"""What is signed is what every EIP-712 library signs, and nobody signs for another."""

import msgspec
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from responders.signer import KeySigner
from runtime.statement import digest, signed_by, signer_of
from schemas.alerts import SEVERITIES
from schemas.errors import PoisonRecordError
from schemas.signals import Signal
from tests.unit.neighbours.examples import address, key, signal, unsigned

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

FIELDS = (
    ("signalId", "bytes32"),
    ("issuer", "address"),
    ("seq", "uint64"),
    ("expiry", "uint64"),
    ("target", "string"),
    ("technique", "string"),
    ("severity", "uint8"),
    ("confidence", "uint16"),
    ("evidenceRoot", "bytes32"),
)


def by_the_library(told: Signal) -> bytes:
    message = encode_typed_data(
        {"name": "SecuritySignal", "version": "1"},
        {"SecuritySignal": [{"name": name, "type": kind} for name, kind in FIELDS]},
        {
            "signalId": bytes.fromhex(told.id),
            "issuer": told.issuer,
            "seq": told.seq,
            "expiry": told.expiry,
            "target": told.target,
            "technique": told.technique,
            "severity": SEVERITIES.index(told.severity) + 1,
            "confidence": told.confidence,
            "evidenceRoot": bytes.fromhex(told.evidence_root[2:]),
        },
    )
    return bytes(keccak(b"\x19" + message.version + message.header + message.body))


@pytest.mark.parametrize("severity", SEVERITIES)
def test_the_digest_is_that_of_another_library(severity: str) -> None:
    told = signal(severity=severity, seq=2**53 - 1, confidence=0)
    assert digest(told) == by_the_library(told)


def test_a_signature_is_that_of_another_library() -> None:
    made = Account.unsafe_sign_hash(digest(unsigned()), key(1))
    assert signed_by(key(1), unsigned()) == made.signature.to_0x_hex()
    assert KeySigner(key(1), 0).sign_statement(unsigned()) == made.signature.to_0x_hex()


def test_who_signed_is_found() -> None:
    assert signer_of(signal(3)) == address(3)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "00" * 32},
        {"seq": 2},
        {"expiry": 1},
        {"target": "eip155:10:0x" + "dd" * 20},
        {"technique": "ADT3012"},
        {"severity": "high"},
        {"confidence": 9_001},
        {"evidence_root": "0x" + "ef" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_field_is_signed(change: dict[str, object]) -> None:
    assert signer_of(msgspec.structs.replace(signal(), **change)) != address(1)


def test_a_marking_is_not() -> None:
    assert signer_of(msgspec.structs.replace(signal(), tlp="red")) == address(1)


def test_a_signature_has_no_twin() -> None:
    raw = bytes.fromhex(signal().signature[2:])
    other = ORDER - int.from_bytes(raw[32:64], "big")
    twin = raw[:32] + other.to_bytes(32, "big") + bytes([27 + 28 - raw[64]])
    with pytest.raises(PoisonRecordError, match="half the order"):
        signer_of(msgspec.structs.replace(signal(), signature="0x" + twin.hex()))


@pytest.mark.parametrize("junk", ["00" * 65, "ff" * 32 + "01" * 32 + "1b", "11" * 64 + "00"])
def test_rubbish_is_nobodys(junk: str) -> None:
    with pytest.raises(PoisonRecordError):
        signer_of(msgspec.structs.replace(signal(), signature="0x" + junk))
