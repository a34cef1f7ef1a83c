"""What an issuer signs: a signal as an EIP-712 statement.

The domain names neither chain nor contract. A warning is true or false wherever it is read, and one
signature has to serve every carrier: Kafka, a webhook, and the registries of all chains. What keeps
it from being played again is its sequence and its expiry.
"""

from coincurve import PrivateKey, PublicKey
from eth_hash.auto import keccak

from schemas.alerts import SEVERITIES
from schemas.errors import PoisonRecordError
from schemas.signals import Signal

TYPE = (
    "SecuritySignal(bytes32 signalId,address issuer,uint64 seq,uint64 expiry,string target,"
    "string technique,uint8 severity,uint16 confidence,bytes32 evidenceRoot)"
)
DOMAIN_TYPE = "EIP712Domain(string name,string version)"
NAME, VERSION = "SecuritySignal", "1"

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

# Worked out as this is imported, which also loads the hash function: that takes a tenth of a
# second, and no warning should wait for it.
_TYPE_HASH = keccak(TYPE.encode())
_DOMAIN = keccak(b"".join(keccak(part.encode()) for part in (DOMAIN_TYPE, NAME, VERSION)))
"""The domain separator, the same on every chain."""


def digest(signal: Signal) -> bytes:
    """Return the 32 bytes that are signed; the signature within the signal is no part of them."""
    head = _TYPE_HASH + bytes.fromhex(signal.id) + _address(signal.issuer)
    words = (
        signal.seq.to_bytes(32, "big"),
        signal.expiry.to_bytes(32, "big"),
        keccak(signal.target.encode()),
        keccak(signal.technique.encode()),
        (SEVERITIES.index(signal.severity) + 1).to_bytes(32, "big"),
        signal.confidence.to_bytes(32, "big"),
        bytes.fromhex(signal.evidence_root[2:]),
    )
    return bytes(keccak(b"\x19\x01" + _DOMAIN + keccak(head + b"".join(words))))


def signer_of(signal: Signal) -> str:
    """Return who signed, in lower-case hexadecimal.

    Raises `PoisonRecordError` for a signature that is none, or has a twin: `s` in the upper half of
    the curve's order (EIP-2), which the registry on chain refuses as well.
    """
    raw = bytes.fromhex(signal.signature[2:])
    if raw[64] not in (27, 28) or int.from_bytes(raw[32:64], "big") > _HALF_ORDER:
        raise PoisonRecordError("the signature is not r, s below half the order, and v 27 or 28")
    recoverable = raw[:64] + bytes([raw[64] - 27])
    try:
        public = PublicKey.from_signature_and_message(recoverable, digest(signal), hasher=None)
    except (ValueError, RuntimeError) as error:  # no point of the curve has this r
        raise PoisonRecordError("the signature is of no key") from error
    return "0x" + keccak(public.format(compressed=False)[1:])[-20:].hex()


def signed_by(key: bytes, signal: Signal) -> str:
    """Return the signature of a key that is at hand (RFC 6979: no randomness)."""
    made = PrivateKey(key).sign_recoverable(digest(signal), hasher=None)
    return "0x" + (made[:64] + bytes([made[64] + 27])).hex()


def _address(text: str) -> bytes:
    return bytes(12) + bytes.fromhex(text[2:])
