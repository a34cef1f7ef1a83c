"""Who signs brakes: a port, and the encrypted keystore behind it. Others are in `signers/`.

The key lives in this process's memory only, and nothing here logs, prints or pickles it.
"""

import json
from pathlib import Path
from typing import Any, NoReturn, Protocol

from eth_account import Account
from eth_account.messages import encode_typed_data
from pydantic import SecretStr

from responders.chain import Call
from responders.fees import Fee
from responders.questions import Question
from responders.transactions import Signed, fields
from runtime.safe_transactions import SafeTransaction
from runtime.secrets import require_private
from runtime.statement import signed_by
from schemas.errors import ConfigurationError, TransientError
from schemas.signals import Signal
from schemas.units import Seconds


class SignerRefusalError(TransientError):
    """The signer will not sign this as it is now: other brakes go on, and this one is tried again,
    ever later (`responders.pace`), until its alert is too old; meanwhile people can look at the
    signer's policy."""


class Signer(Protocol):
    """Signs EIP-1559 transactions of one account of one chain, and its words as an operator."""

    @property
    def address(self) -> str:
        """The account, in lower-case hexadecimal."""
        ...

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction: exactly this one, without value.

        Signatures of one transaction may differ, so what is sent is what was written down. Raises
        `TransientError` when the signer does not answer, `SignerRefusalError` when it will not.
        """
        ...

    def attest(self, question: Question, expires: Seconds) -> str:
        """Return the signature that says yes to a question until a time: 65 bytes in hexadecimal,
        as `OperatorQuorum` takes it. Raises as `sign` does."""
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

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied to another process."""
        raise TypeError("a key is not pickled")

    def sign(self, call: Call, nonce: int, fee: Fee) -> Signed:
        """Return the signed transaction (RFC 6979: no randomness)."""
        signed = self._account.sign_transaction(fields(self._chain_id, call, nonce, fee))
        return Signed(raw=signed.raw_transaction.to_0x_hex(), tx=signed.hash.to_0x_hex())

    def attest(self, question: Question, expires: Seconds) -> str:
        """Return the signature of a yes (RFC 6979)."""
        return "0x" + bytes(self._account.sign_message(question.message(expires)).signature).hex()

    def sign_statement(self, signal: Signal) -> str:
        """Return the EIP-712 signature of a signal: nothing that it signs here is a transaction."""
        return signed_by(bytes(self._account.key), signal)

    def sign_safe(self, transaction: SafeTransaction) -> str:
        """Return the signature of a Safe's transaction, as an owner or an owner's delegate."""
        message = encode_typed_data(full_message=transaction.typed)
        return "0x" + bytes(self._account.sign_message(message).signature).hex()


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
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not a keystore: {error}") from error
    if not isinstance(document, dict) or "crypto" not in document:
        raise ConfigurationError(f"{path} is not a keystore (Web3 Secret Storage, version 3)")
    return document
