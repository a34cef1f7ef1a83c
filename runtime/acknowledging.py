"""Whose word that a case is in hand, or led back, is believed.

Somebody says it on the command line with their Ed25519 key, or in the console: with their wallet,
or on the console's word where an identity provider let them in. Once any keys or wallets are named,
these alone count; until then, whoever may write to the topic. How far a case is led back is said on
the command line alone, so it takes a key.
"""

from collections.abc import Collection

from runtime import attested
from runtime.broker import Message
from runtime.settings_paging import PagingSettings
from runtime.signatures import Verifier, key_name, verifier_of
from schemas.errors import PoisonRecordError
from schemas.incidents import Acknowledgement


class People:
    """Those who may say so; everybody where nobody is named."""

    def __init__(self, keys: Verifier | None = None, wallets: Collection[str] = ()) -> None:
        """`wallets` are addresses in lower-case hexadecimal."""
        self._keys = keys
        self._wallets = frozenset(wallets)

    def counts(self, account: str) -> bool:
        """Say whether what this account says in the console is believed."""
        if self._keys is None and not self._wallets:
            return True
        return account.startswith(attested.WALLET) and account.rpartition(":")[2] in self._wallets

    def require(self, message: Message, word: Acknowledgement) -> None:
        """Raise `PoisonRecordError` unless this acknowledgement is believed."""
        attested.require(word)
        if self.counts("" if word.said is None else word.said.account):
            return
        if self._keys is None:
            raise PoisonRecordError(f"{word.by} is none of those whose wallets are named")
        self._keys.check(message, head=None)

    def require_key(self, message: Message) -> str:
        """Return whose key signed this, '' where nobody is named: for what is said without a
        wallet. Raises `PoisonRecordError` unless one of theirs did, where anybody is."""
        if self._keys is not None:
            self._keys.check(message, head=None)
            return key_name(message)
        if self._wallets:
            raise PoisonRecordError(
                "people's wallets are named and no keys: name in paging.people_keys who says this"
            )
        return ""


def people_of(settings: PagingSettings) -> People:
    """Return those whom the settings name. Raises `ConfigurationError` for keys that are none."""
    return People(verifier_of(settings.people_keys), settings.people_wallets)
