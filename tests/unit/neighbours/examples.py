"""Signals as issuers sign them, with keys that everyone knows."""

from typing import Any

import msgspec
from coincurve import PrivateKey
from eth_hash.auto import keccak

from runtime.statement import signed_by
from schemas.ids import content_id
from schemas.signals import Signal

NOW = 1_800_000_000
TARGET = "eip155:1:0x" + "dd" * 20


def key(number: int) -> bytes:
    return bytes(31) + bytes([number])


def address(number: int) -> str:
    """The account of a key."""
    public = PrivateKey(key(number)).public_key.format(compressed=False)
    return "0x" + keccak(public[1:])[-20:].hex()


def unsigned(by: int = 1, **changes: Any) -> Signal:
    made = Signal(
        id=content_id("signal", by),
        issuer=address(by),
        seq=1,
        expiry=NOW + 3600,
        target=TARGET,
        technique="ADT3012.004",
        severity="critical",
        confidence=9_000,
        evidence_root="0x" + "ee" * 32,
        signature="0x" + "00" * 65,
    )
    return msgspec.structs.replace(made, **changes)


def signal(by: int = 1, **changes: Any) -> Signal:
    """A signal, signed by the key of that number."""
    made = unsigned(by, **changes)
    return msgspec.structs.replace(made, signature=signed_by(key(by), made))


class Signing:
    """Signs with a key that everyone knows."""

    def __init__(self, number: int = 9) -> None:
        self._key = key(number)
        self.address = address(number)

    def sign_statement(self, signal: Signal) -> str:
        return signed_by(self._key, signal)
