"""Transactions of a Safe (1.3 and later): what owners sign, and how the service is told. Pure.

A Safe carries out its transactions in the order of nonces, whichever has enough signatures. So an
emergency transaction is made for the nonce that the Safe is at, never for the one after all that
wait in a queue: what waits there with too few signatures then blocks nothing. And it is made for
several nonces ahead, because any other transaction uses one up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from runtime.calldata import called

NOBODY = "0x" + "00" * 20
_EXECUTE = (
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
)
_FIELDS = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
    ("nonce", "uint256"),
)
"""`SafeTx`, in `Safe.sol`."""


@dataclass(frozen=True, slots=True)
class SafeTransaction:
    """One call that a Safe makes: no value, no delegatecall, no refund of gas."""

    chain_id: int
    safe: str
    to: str
    data: str
    nonce: int

    @property
    def terms(self) -> dict[str, Any]:
        """Return `SafeTx`."""
        return {
            "to": self.to,
            "value": 0,
            "data": self.data,
            "operation": 0,
            "safeTxGas": 0,
            "baseGas": 0,
            "gasPrice": 0,
            "gasToken": NOBODY,
            "refundReceiver": NOBODY,
            "nonce": self.nonce,
        }

    @property
    def typed(self) -> dict[str, Any]:
        """Return what a wallet is asked to sign (EIP-712)."""
        return {
            "types": {
                "EIP712Domain": [
                    {"name": "chainId", "type": "uint256"},
                    {"name": "verifyingContract", "type": "address"},
                ],
                "SafeTx": [{"name": name, "type": kind} for name, kind in _FIELDS],
            },
            "primaryType": "SafeTx",
            "domain": {"chainId": self.chain_id, "verifyingContract": self.safe},
            "message": self.terms,
        }

    @property
    def digest(self) -> bytes:
        """Return the hash that owners sign: `safeTxHash`."""
        message = encode_typed_data(full_message=self.typed)
        return keccak(b"\x19" + message.version + message.header + message.body)

    def proposer_of(self, signature: str) -> str:
        """Return the account that signed it, in lower-case hexadecimal; '' where none can have."""
        message = encode_typed_data(full_message=self.typed)
        try:
            return str(Account.recover_message(message, signature=signature)).lower()
        except (ValueError, BadSignature):
            return ""

    def proposal(self, sender: str, signature: str, origin: str) -> dict[str, Any]:
        """Return what the transaction service takes (`POST
        /api/v2/safes/{safe}/multisig-transactions/`); `sender` is an owner, or an owner's delegate;
        '' leaves it to be filled in. The service takes addresses with their checksum (EIP-55) only.
        """
        return self.terms | {
            "to": to_checksum_address(self.to),
            "value": "0",
            "contractTransactionHash": "0x" + self.digest.hex(),
            "sender": to_checksum_address(sender) if sender else "",
            "signature": signature,
            "origin": origin,
        }

    def executed(self, signatures: str) -> str:
        """Return the call of the Safe that carries it out, which anybody may make."""
        *terms, _ = self.terms.values()
        terms[2] = bytes.fromhex(self.data[2:])
        return called(_EXECUTE, *terms, bytes.fromhex(signatures[2:]))


def proposed_rows(transactions: Iterable[SafeTransaction], origin: str) -> list[dict[str, Any]]:
    """Return for each what its owners compare (`hash`), what a wallet signs (`typed`), and what the
    transaction service takes once sender and signature are filled in (`proposal`)."""
    return [
        {
            "hash": "0x" + one.digest.hex(),
            "typed": one.typed,
            "proposal": one.proposal("", "", origin),
        }
        for one in transactions
    ]
