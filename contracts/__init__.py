"""Our on-chain contracts: Solidity sources and their compiled artefacts, as data."""

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec


class Artefact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A compiled contract, with all that it was compiled from."""

    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: str
    """Creation code in hexadecimal, to be followed by the constructor's encoded arguments."""
    compiler: str
    settings: dict[str, Any]
    sources: dict[str, str]
    """SHA-256 of every source file that went into it, by its path in imports."""


@cache
def load(name: str) -> Artefact:
    """Return the artefact of one of our contracts. Raises `FileNotFoundError` for any other."""
    data = files(__name__).joinpath("artefacts", f"{name}.json").read_bytes()
    return msgspec.json.decode(data, type=Artefact)
