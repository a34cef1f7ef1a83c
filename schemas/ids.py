"""Names that come from content.

An id is the SHA-256 of its parts, each framed by its length, so that ("ab", "c") and ("a", "bc")
differ. Equal content gives an equal id on every machine and in every run: at-least-once delivery
plus such ids gives one effect.
"""

from functools import lru_cache
from hashlib import sha256


def framed(*parts: str | int) -> bytes:
    """Join the parts unambiguously: each as UTF-8, preceded by its length in bytes and a colon."""
    texts = [str(part) for part in parts]
    joined = "".join([f"{len(text)}:{text}" for text in texts])
    if joined.isascii():  # a character is a byte
        return joined.encode()
    return b"".join(b"%d:%b" % (len(text.encode()), text.encode()) for text in texts)


def content_id(kind: str, *parts: str | int) -> str:
    """Return 64 hexadecimal digits that name this content and nothing else."""
    return sha256(framed(kind, *parts)).hexdigest()


@lru_cache(maxsize=4096)
def action_id(chain: str, target: str, calldata: str, incident: str, episode: int) -> str:
    """Name a brake by what it does, for which incident, for the how-manieth time.

    The block hash is left out on purpose: an attack that a reorg includes again is the same
    incident and must not be braked twice. The 32 bytes fit the gate's `bytes32 actionId`.
    """
    return content_id("action", chain, target, calldata, incident, episode)


def incident_id(chain: str, protocol: str, tx: str) -> str:
    """Name an incident by the transaction that opened it; survives its re-inclusion."""
    return content_id("incident", chain, protocol, tx)
