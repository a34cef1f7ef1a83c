"""An account that pays for what it says on chain, opened from its keystore. It brakes nothing."""

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from runtime.secrets import require_private, secret_in
from schemas.errors import ConfigurationError


def open_account(keystore: Path | None, password_file: Path | None) -> LocalAccount | None:
    """Return the account, None where no keystore is configured; takes about a second.

    Raises `ConfigurationError` for a file that others can read, that is no keystore, or that the
    password does not open.
    """
    if keystore is None:
        return None
    if password_file is None:
        raise ConfigurationError(f"{keystore}: its password file is not set")
    require_private(keystore)
    password = secret_in(password_file).get_secret_value()
    try:
        key = Account.decrypt(json.loads(keystore.read_bytes()), password)
    except OSError as error:
        raise ConfigurationError(f"{keystore}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{keystore}: the password does not open it") from error
    account: LocalAccount = Account.from_key(key)
    return account
