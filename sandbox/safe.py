"""Transactions of a Safe (version 1.4.1), signed by its owners."""

from collections.abc import Iterable
from typing import Any

from eth_account.messages import encode_typed_data

from sandbox.evm import Account, Call, Contract

NOBODY = "0x" + "00" * 20

_TYPES = {
    "SafeTx": [
        {"name": "to", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "data", "type": "bytes"},
        {"name": "operation", "type": "uint8"},
        {"name": "safeTxGas", "type": "uint256"},
        {"name": "baseGas", "type": "uint256"},
        {"name": "gasPrice", "type": "uint256"},
        {"name": "gasToken", "type": "address"},
        {"name": "refundReceiver", "type": "address"},
        {"name": "nonce", "type": "uint256"},
    ]
}


def approved(
    safe: Contract, owners: Iterable[Account], call: Call, nonce: int, chain_id: int
) -> Call:
    """Return the transaction by which the Safe makes `call`; anyone may send it.

    The owners sign the EIP-712 hash of `SafeTx`; the Safe wants their signatures in the order of
    their addresses. If the call reverts, so does the whole transaction ("GS013").
    """
    terms: dict[str, Any] = {
        "to": call.to,
        "value": call.value,
        "data": call.data,
        "operation": 0,
        "safeTxGas": 0,
        "baseGas": 0,
        "gasPrice": 0,
        "gasToken": NOBODY,
        "refundReceiver": NOBODY,
    }
    domain = {"chainId": chain_id, "verifyingContract": safe.address}
    message = encode_typed_data(domain, _TYPES, terms | {"nonce": nonce})
    signatures = b"".join(
        owner.signer.sign_message(message).signature
        for owner in sorted(owners, key=lambda owner: owner.address)
    )
    return safe.call("execTransaction", *terms.values(), signatures)
