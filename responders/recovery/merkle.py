"""A Merkle tree over what each account is paid back, as OpenZeppelin's StandardMerkleTree makes it
for `["address", "uint256"]`, so that anyone's tools can check it. Pure.

A leaf is hashed twice, an inner node once over 64 bytes: no inner node can be passed off as a leaf
(second preimage). Pairs are sorted before they are hashed, and so are the leaves; the tree is a
heap in an array, the root first, the leaves last in reverse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from schemas.errors import ConfigurationError

MAX_LEAVES = 1_000_000


def leaf(account: str, amount: int) -> bytes:
    """Return the leaf of an account that is paid so many of the token's smallest units."""
    return keccak(keccak(encode(["address", "uint256"], [account, amount])))


def verified(root: bytes, account: str, amount: int, proof: Iterable[bytes]) -> bool:
    """Say whether a proof leads from an account's leaf to the root, as the contract does."""
    node = leaf(account, amount)
    for sibling in proof:
        node = _pair(node, sibling)
    return node == root


@dataclass(frozen=True, slots=True)
class Tree:
    """The whole tree; `nodes[0]` is the root."""

    nodes: tuple[bytes, ...]
    places: Mapping[str, int]
    """Where each account's leaf is."""

    @property
    def root(self) -> bytes:
        """Return what the contract keeps."""
        return self.nodes[0]

    def proof(self, account: str) -> tuple[bytes, ...]:
        """Return an account's siblings from its leaf up. Raises `KeyError` for one without."""
        place, found = self.places[account], []
        while place:
            found.append(self.nodes[place + 1 if place % 2 else place - 1])
            place = (place - 1) // 2
        return tuple(found)


def tree(amounts: Sequence[tuple[str, int]]) -> Tree:
    """Return the tree of what each account is paid, in whatever order they are given.

    Raises `ConfigurationError` for no account, one twice (it could claim once only), nothing to
    pay, or too many.
    """
    if not 0 < len(amounts) <= MAX_LEAVES:
        raise ConfigurationError(f"1 to {MAX_LEAVES:,} accounts can be paid, not {len(amounts):,}")
    names = sorted(account.lower() for account, _ in amounts)
    for one, other in pairwise(names):
        if one == other:
            raise ConfigurationError(f"{one} is there twice: add its amounts up")
    for account, amount in amounts:
        if not 0 < amount < 2**256:
            raise ConfigurationError(f"{account}: {amount} cannot be paid")
    leaves = sorted((leaf(account, amount), account.lower()) for account, amount in amounts)
    count = len(leaves)
    nodes = [b""] * (count - 1) + [node for node, _ in reversed(leaves)]
    for place in range(count - 2, -1, -1):
        nodes[place] = _pair(nodes[2 * place + 1], nodes[2 * place + 2])
    places = {account: 2 * count - 2 - rank for rank, (_, account) in enumerate(leaves)}
    return Tree(tuple(nodes), places)


def shares(balances: Mapping[str, int], fund: int) -> list[tuple[str, int]]:
    """Return what each account is paid out of the fund: in proportion, rounded down, never more
    than it lost. What comes to nothing is left out; the sum is at most the fund."""
    lost = sum(balances.values())
    paid = min(fund, lost)
    return [
        (account, share)
        for account, balance in sorted(balances.items())
        if (share := balance * paid // lost)
    ]


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))
