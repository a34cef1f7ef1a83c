"""Keystores for the sandbox's accounts."""

import json
from pathlib import Path

from eth_account import Account as Signer

from sandbox.evm import Account

_ITERATIONS = 1000
"""Few, so that the demo starts at once: these keys follow from their names anyway."""


def write_keystore(account: Account, path: Path, password: str) -> None:
    """Write the account's key, encrypted, for its owner alone."""
    path.touch(mode=0o600)
    document = Signer.encrypt(account.signer.key, password, kdf="pbkdf2", iterations=_ITERATIONS)
    path.write_text(json.dumps(document))
