"""Until when a key that signs alerts is believed: `retired.toml`, beside the public keys.

Per key and chain it names the last block that the key may speak of, so that whether a record counts
depends on the chain alone, never on a clock.

    ["<key id>"]
    "eip155:1" = 21500000
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from schemas.errors import ConfigurationError

FILE = "retired.toml"
MAX_BYTES = 256 * 1024

Retired = Mapping[str, Mapping[str, int]]
"""By key id and chain (CAIP-2): the last block."""

_KEY_ID = re.compile(r"[0-9a-f]{32}")
_CHAIN = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}")


def read(folder: Path) -> Retired:
    """Return what a folder of public keys says; nothing when it has no such file.

    Raises `ConfigurationError` naming what is wrong: a key must not come back by a slip.
    """
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        data = path.read_bytes()
        if len(data) > MAX_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_BYTES:,} bytes")
        found = tomllib.loads(data.decode())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    for key, chains in found.items():
        if not _KEY_ID.fullmatch(key) or not isinstance(chains, dict):
            raise ConfigurationError(f"{path}: {key!r} is no table named by a key id")
        for chain, block in chains.items():
            if not _CHAIN.fullmatch(chain) or type(block) is not int or block < 0:
                raise ConfigurationError(
                    f"{path}: {key}: {chain} = {block!r} is no block of a chain (CAIP-2)"
                )
    return found


def retire(folder: Path, key: str, chain: str, last: int) -> Path:
    """Write down the last block of a chain for which a key is believed; return the file.

    Raises `ConfigurationError` for a chain that is none, or if it was retired earlier already:
    a key's term is only ever shortened.
    """
    if not _CHAIN.fullmatch(chain):
        raise ConfigurationError(f"{chain!r} is no chain; write it as in eip155:1")
    retired = {name: dict(chains) for name, chains in read(folder).items()}
    before = retired.setdefault(key, {}).get(chain)
    if before is not None and before <= last:
        raise ConfigurationError(
            f"key {key} is retired after block {before} of {chain} already; that is not extended"
        )
    retired[key][chain] = last
    path = folder / FILE
    new = path.with_suffix(".new")
    new.write_text(_text(retired))
    new.replace(path)
    return path


def _text(retired: Retired) -> str:
    tables = [
        f'["{key}"]\n' + "".join(f'"{chain}" = {last}\n' for chain, last in sorted(chains.items()))
        for key, chains in sorted(retired.items())
    ]
    return (
        "# Until which block a key is believed. Written by `firebreak keys retire`.\n"
        + "\n".join(tables)
    )
