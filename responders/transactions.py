"""A brake as an EIP-1559 transaction: what is signed, and what the signed one says. Pure."""

from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from responders.chain import Call
from responders.fees import Fee

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the group secp256k1 (SEC 2, 2.4.1)."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction ready to be sent, and its hash; both in hexadecimal."""

    raw: str
    tx: str


def fields(chain_id: int, call: Call, nonce: int, fee: Fee) -> dict[str, Any]:
    """Return the transaction's fields; it never carries value, and grants no access list."""
    return {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "to": to_checksum_address(call.to),
        "value": 0,
        "data": call.data,
        "gas": call.gas,
        "maxFeePerGas": fee.ceiling,
        "maxPriorityFeePerGas": fee.tip,
    }


def digest(transaction: dict[str, Any]) -> bytes:
    """Return the 32 bytes that are signed."""
    return bytes(TypedTransaction.from_dict(transaction).hash())


def assembled(transaction: dict[str, Any], parity: int, r: int, s: int) -> Signed:
    """Return the transaction with its signature; `s` is made low, as EIP-2 demands."""
    if s > ORDER // 2:
        parity, s = 1 - parity, ORDER - s
    whole = TypedTransaction.from_dict({**transaction, "v": parity, "r": r, "s": s})
    raw = bytes([whole.transaction_type]) + bytes(whole.transaction.payload())
    return Signed(raw="0x" + raw.hex(), tx="0x" + keccak(raw).hex())


def fee_of(raw: str) -> Fee:
    """Read the fee out of a signed EIP-1559 transaction."""
    found = fields_of(raw)
    return Fee(ceiling=found["maxFeePerGas"], tip=found["maxPriorityFeePerGas"])


def fields_of(raw: str) -> dict[str, Any]:
    """Read a signed transaction's fields, signature included."""
    found: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return found


def says(signed: Signed, sender: str, transaction: dict[str, Any]) -> bool:
    """Tell whether a signed transaction is this one, whole, and signed by this account."""
    try:
        found = fields_of(signed.raw)
        author = str(Account.recover_transaction(signed.raw)).lower()
    except (ValueError, TypeError, KeyError):
        return False
    wanted = {
        **transaction,
        "to": HexBytes(transaction["to"]),
        "data": HexBytes(transaction["data"]),
    }
    same = all(_plain(found.get(name)) == _plain(value) for name, value in wanted.items())
    named = signed.tx == "0x" + keccak(HexBytes(signed.raw)).hex()
    return same and named and author == sender and not found.get("accessList")


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, bytes | bytearray) else value
