"""What an assessment asks of a chain: code, storage, what calls would do. Nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

GAS = 8_000_000
"""For a call: under the gas cap that nodes set for a request."""

NOBODY = "0x" + "00" * 20

AGREEABLE = "0x000000000000000000000000000000a92eeab1e5"
"""While calls are tried, a contract that answers 1 to everything: whom to lend to, or to call back.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A block."""

    number: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A call that is tried."""

    sender: str
    to: str
    data: bytes
    value: int = 0
    gas: int = GAS


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call that was tried did."""

    ok: bool
    data: bytes
    """What it answered, or what it reverted with."""


class Chain(Protocol):
    """A chain after one block. Every question may raise `TransientError`: ask again later."""

    @property
    def place(self) -> Place:
        """The block after which everything is asked."""
        ...

    def at(self, block: int) -> Self:
        """Return the same chain after another block."""
        ...

    def code(self, address: str) -> bytes:
        """Return an account's code; empty for one that has none."""
        ...

    def word(self, address: str, slot: int) -> int:
        """Return a word of a contract's storage."""
        ...

    def storage(self, places: Sequence[tuple[str, int]]) -> list[int]:
        """Return words of contracts' storage, each by contract and slot, at one go."""
        ...

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        """Make these calls one after the other, each on what the ones before left."""
        ...


def asked(chain: Chain, to: str, data: bytes, sender: str) -> bytes:
    """Return what a contract answers; nothing when it refuses."""
    (outcome,) = chain.run([Trial(sender, to, data)])
    return outcome.data if outcome.ok else b""


def number(answer: bytes) -> int | None:
    """Return the one word that an answer is, None for any other answer."""
    return int.from_bytes(answer, "big") if len(answer) == 32 else None


def address(word: int | None) -> str | None:
    """Return the address that a word is, None for zero and for what is none."""
    return f"0x{word:040x}" if word and word < 2**160 else None
