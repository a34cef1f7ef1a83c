"""What a history is called, and which chain it is from, by where its files lie."""

import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

MAX_KEY = 128
DEFAULT_CHAIN = "eip155:1"

_SUFFIXES = (".gz", ".zip", ".json", ".jsonl", ".ndjson", ".csv", ".parquet")
_PLAIN = re.compile("[A-Za-z0-9_-]+")
_CHAINS = {
    "ethereum": "eip155:1",
    "mainnet": "eip155:1",
    "optimism": "eip155:10",
    "bsc": "eip155:56",
    "gnosis": "eip155:100",
    "polygon": "eip155:137",
    "fantom": "eip155:250",
    "arbitrum": "eip155:42161",
    "avalanche": "eip155:43114",
}


@lru_cache(maxsize=1024)
def stem(name: str) -> str:
    """Return a file's name without what says how it is written."""
    while name.lower().endswith(_SUFFIXES):
        shorter = name.rpartition(".")[0]
        if not shorter:
            break
        name = shorter
    return name


@lru_cache(maxsize=1024)
def case_key(parts: tuple[str, ...]) -> str:
    """Return the case that folders and a name stand for, as a valid key.

    Different parts give different keys: whatever cannot be written plainly is told apart by a
    digest.
    """
    key = ".".join(parts)
    if len(key) <= MAX_KEY and all(_PLAIN.fullmatch(part) for part in parts):
        return key
    digest = sha256("/".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    plain = re.sub("[^A-Za-z0-9_.-]", "-", key)
    return f"{plain[: MAX_KEY - 9]}-{digest}"


def chain_of(parts: Iterable[str]) -> str:
    """Return the chain that the nearest part of a path names in plain words."""
    for part in reversed(tuple(parts)):
        for word in re.findall("[a-z]+", part.lower()):
            if word in _CHAINS:
                return _CHAINS[word]
    return DEFAULT_CHAIN
