"""Who signs brakes: a port, and the encrypted keystore behind it.

The key lives in this process's memory only, and nothing here logs, prints or pickles it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from pydantic import SecretStr

from responders.chain import Call
from responders.fees import Fee
from runtime.private import require_private
from schemas.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction ready to be sent, and its hash; both in hexadecimal."""

    raw: str
    tx: str


class Signer(Protocol):
    """Signs EIP-1559 transactions of one account of one chain."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction; the same arguments give the same one."""
        ...


class KeySigner:
    """Signs with a key in memory."""

    def __init__(self, key: bytes, chain_id: int) -> None:
        self._account = Account.from_key(key)
        self._chain_id = chain_id

    @property
    def address(self) -> str:
        """The account."""
        return str(self._account.address).lower()

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction (RFC 6979: no randomness)."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": to_checksum_address(call.to),
                "value": 0,
                "data": call.data,
                "gas": call.gas,
                "maxFeePerGas": fee.ceiling,
                "maxPriorityFeePerGas": fee.tip,
            }
        )
        return Signed(raw=signed.raw_transaction.to_0x_hex(), tx=signed.hash.to_0x_hex())


def open_keystore(path: Path, password: SecretStr, chain_id: int) -> KeySigner:
    """Decrypt the key in a keystore (Web3 Secret Storage, version 3), which takes about a second.

    Raises `ConfigurationError` for a file that others can read, that is no keystore, or that the
    password does not open.
    """
    document = _document(path)
    require_private(path)
    try:
        key = Account.decrypt(document, password.get_secret_value())
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{path}: the password does not open it") from error
    return KeySigner(bytes(key), chain_id)


def fee_of(raw: str) -> Fee:
    """Read the fee out of a signed EIP-1559 transaction."""
    fields: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Fee(ceiling=fields["maxFeePerGas"], tip=fields["maxPriorityFeePerGas"])


def address_of(path: Path) -> str:
    """Return the account of a keystore, which stands in it unencrypted."""
    address = _document(path).get("address")
    if not isinstance(address, str):
        raise ConfigurationError(
            f"{path} does not name its account: make one with `firebreak keys`"
        )
    return "0x" + address.lower().removeprefix("0x")


def generate(path: Path, password: SecretStr) -> str:
    """Make a new key and write it, encrypted, for its owner alone; return the account.

    Raises `ConfigurationError` rather than overwrite a file.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = Account.create()
    document = Account.encrypt(account.key, password.get_secret_value())
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise ConfigurationError(f"{path} exists already; a key is never overwritten") from error
    path.write_text(json.dumps(document))
    return str(account.address).lower()


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise ConfigurationError(f"no keystore at {path}: `firebreak keys` makes one") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a keystore: {error}") from error
    if not isinstance(document, dict) or "crypto" not in document:
        raise ConfigurationError(f"{path} is not a keystore (Web3 Secret Storage, version 3)")
    return document
