"""Functions that set a contract up, once: their selectors, from what such functions are called.

A contract that nobody set up belongs to whoever does it first, so a stranger's set-up takes it
over. The names are conventions of the whole field; no contract and no incident is meant.
"""

from collections.abc import Iterator
from itertools import product

from eth_hash.auto import keccak

_VERBS = "init", "initialize"
_NOUNS = "Contract", "Owner", "Pool", "Proxy", "Token", "Vault", "Wallet"
_TYPES = "address", "uint256", "address[]", "uint256[]", "string", "bytes"
_MOST, _MOST_WITH_NOUN = 4, 3
"""Arguments; every combination of types is looked for, up to so many."""


def _signatures() -> Iterator[str]:
    for noun, most in (("", _MOST), *((noun, _MOST_WITH_NOUN) for noun in _NOUNS)):
        for verb, count in product(_VERBS, range(most + 1)):
            for types in product(_TYPES, repeat=count):
                yield f"{verb}{noun}({','.join(types)})"


INITIALISERS = frozenset(f"0x{keccak(each.encode())[:4].hex()}" for each in _signatures())
"""Their selectors: seven thousand hashes, made before there is anything to score."""
