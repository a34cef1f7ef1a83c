"""Transactions as they were signed: their hash, who signed them, and the root that a header has.

Sources: Ethereum Yellow Paper, section 4.3 and appendix F; EIP-155, EIP-2718, EIP-2930, EIP-1559,
EIP-4844, EIP-7702. Kinds that other chains added (deposits of rollups) are refused by their number.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coincurve import PublicKey
from eth_hash.auto import keccak

from runtime import hexadecimal
from runtime.consensus.fields import account, number, octets, recipient, tables, words
from runtime.consensus.rlp import integer, listed, string
from runtime.consensus.trie import ordered_root
from schemas.errors import PoisonRecordError

_Encode = Callable[[Mapping[str, Any]], bytes]


def transactions_root(transactions: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the root over transactions in JSON-RPC form, in their order.

    Raises `PoisonRecordError` naming the field that cannot be read, as all here do.
    """
    return ordered_root([encoded(transaction) for transaction in transactions])


def transaction_hash(transaction: Mapping[str, Any]) -> bytes:
    """Return the hash that names a transaction."""
    return bytes(keccak(encoded(transaction)))


def encoded(transaction: Mapping[str, Any]) -> bytes:
    """Return a transaction as it travels: signed."""
    kind = _kind(transaction)
    signature = [number(transaction, "r"), number(transaction, "s")]
    if kind == 0:
        return listed([*_fields(transaction, 0), number(transaction, "v"), *signature])
    parity = string(integer(_parity(transaction)))
    return integer(kind) + listed([*_fields(transaction, kind), parity, *signature])


def sender(transaction: Mapping[str, Any]) -> str:
    """Return who signed, in lower-case hexadecimal."""
    kind, fields = _kind(transaction), _fields(transaction, _kind(transaction))
    if kind:
        digest = keccak(integer(kind) + listed(fields))
    else:
        v = hexadecimal.quantity(transaction.get("v"), "v")
        chain = [string(integer((v - 35) // 2)), string(b""), string(b"")] if v >= 35 else []
        digest = keccak(listed([*fields, *chain]))
    rs = (hexadecimal.quantity(transaction.get(name), name).to_bytes(32, "big") for name in "rs")
    signature = b"".join(rs) + bytes([_parity(transaction)])
    try:
        public = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except (ValueError, RuntimeError) as error:  # no point of the curve has this r
        raise PoisonRecordError("the signature is of no key") from error
    return "0x" + keccak(public.format(compressed=False)[1:])[-20:].hex()


def created(transaction: Mapping[str, Any]) -> str:
    """Return the address of the contract that a transaction without recipient makes."""
    made = listed([account(transaction, "from"), number(transaction, "nonce")])
    return "0x" + keccak(made)[-20:].hex()


def _kind(transaction: Mapping[str, Any]) -> int:
    kind = hexadecimal.quantity(transaction.get("type") or "0x0", "type")
    if kind not in _FIELDS:
        raise PoisonRecordError(f"type {kind:#x} is no transaction of Ethereum's")
    return kind


def _parity(transaction: Mapping[str, Any]) -> int:
    """Return 0 or 1: on which side of the curve the signature's point lies."""
    given = transaction.get("yParity")
    if _kind(transaction) == 0:
        v = hexadecimal.quantity(transaction.get("v"), "v")
        side = (v - 35) % 2 if v >= 35 else v - 27
    else:
        side = hexadecimal.quantity(transaction.get("v") if given is None else given, "yParity")
    if side not in (0, 1):
        raise PoisonRecordError(f"v is that of no signature: {side}")
    return side


def _fields(transaction: Mapping[str, Any], kind: int) -> list[bytes]:
    return [encode(transaction) for encode in _FIELDS[kind]]


def _number(field: str) -> _Encode:
    return lambda table: number(table, field)


def _access(transaction: Mapping[str, Any]) -> bytes:
    entries = tables(transaction, "accessList")
    return listed([listed([account(e, "address"), words(e, "storageKeys")]) for e in entries])


def _authorizations(transaction: Mapping[str, Any]) -> bytes:
    return listed([_authorization(one) for one in tables(transaction, "authorizationList")])


def _authorization(one: Mapping[str, Any]) -> bytes:
    side = "yParity" if one.get("yParity") is not None else "v"
    signature = [number(one, side), number(one, "r"), number(one, "s")]
    said = [number(one, "chainId"), account(one, "address"), number(one, "nonce")]
    return listed([*said, *signature])


def _blobs(transaction: Mapping[str, Any]) -> bytes:
    return words(transaction, "blobVersionedHashes")


_CALL: tuple[_Encode, ...] = (
    _number("gas"),
    lambda table: recipient(table, "to"),
    _number("value"),
    lambda table: octets(table, "input"),
)
_FEES = (_number("maxPriorityFeePerGas"), _number("maxFeePerGas"))
_FIELDS: Mapping[int, tuple[_Encode, ...]] = {
    0: (_number("nonce"), _number("gasPrice"), *_CALL),
    1: (_number("chainId"), _number("nonce"), _number("gasPrice"), *_CALL, _access),
    2: (_number("chainId"), _number("nonce"), *_FEES, *_CALL, _access),
    3: (
        _number("chainId"),
        _number("nonce"),
        *_FEES,
        *_CALL,
        _access,
        _number("maxFeePerBlobGas"),
        _blobs,
    ),
    4: (_number("chainId"), _number("nonce"), *_FEES, *_CALL, _access, _authorizations),
}
"""What is signed, in its order, by kind of transaction."""
