"""The account that writes the log's roots on chain."""

from typing import TYPE_CHECKING

from forensics.record.anchor_contract import Message
from responders.chain import Call
from responders.fees import Fee
from responders.signer import Signer

if TYPE_CHECKING:
    from runtime.settings_forensics import ForensicsSettings


class AnchorAccount:
    """Signs anchors with a key that signs nothing else."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @property
    def address(self) -> str:
        """The account."""
        return self._signer.address

    def sign(self, message: Message, nonce: int, ceiling: int, tip: int) -> tuple[str, str]:
        """Return the signed transaction and its hash."""
        call = Call(message.to, message.data, message.gas)
        signed = self._signer.sign(call, nonce, Fee(ceiling, tip))
        return signed.raw, signed.tx


def account_of(settings: "ForensicsSettings", chain_id: int) -> AnchorAccount:
    """Open the keystore. Raises `ConfigurationError` when it cannot be."""
    from responders.signer import open_keystore
    from runtime.secrets import secret_in
    from schemas.errors import ConfigurationError

    if settings.anchor_keystore is None or settings.anchor_password_file is None:
        raise ConfigurationError(
            "anchoring needs forensics.anchor_keystore and forensics.anchor_password_file"
        )
    password = secret_in(settings.anchor_password_file)
    return AnchorAccount(open_keystore(settings.anchor_keystore, password, chain_id))
