"""Merkle trees over SHA-256 as RFC 6962, section 2.1, has them. Pure.

Proofs are checked as RFC 9162, sections 2.1.3.2 and 2.1.4.2, has it; its trees are the same.
Sizes and indexes are below 2**63.
"""

from collections.abc import Sequence
from hashlib import sha256

from forensics.record.errors import UntrustedError

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
LONGEST_PROOF = 63
"""Hashes in a proof of the largest tree; what is longer is not looked at."""

Proof = Sequence[bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above these two."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: all that its root and its next leaves depend on.

    `peaks` are the roots of the perfect subtrees that a tree of `size` leaves falls into, the
    largest first: one for each 1 in `size` as a binary number.
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    def append(self, leaf: bytes) -> list[tuple[int, bytes]]:
        """Add a leaf by its hash; return the height and root of each subtree that it completes and
        whose height is a multiple of 8: what tiles are made of. The leaf itself is the first."""
        node, rest, height, peaks = leaf, self.size, 0, self.peaks
        completed = [(0, leaf)]
        while rest & 1:
            node = sha256(b"\x01" + peaks.pop() + node).digest()
            rest >>= 1
            height += 1
            if not height & 7:
                completed.append((height, node))
        peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the tree's root."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def check_inclusion(index: int, size: int, leaf: bytes, proof: Proof, root: bytes) -> None:
    """Raise `UntrustedError` unless the proof shows that a leaf is in the tree with this root.

    `leaf` is its hash, `index` its place, counted from 0.
    """
    if not 0 <= index < size:
        raise UntrustedError(f"there is no leaf {index} in a tree of {size}")
    node, place, last = leaf, index, size - 1
    for sibling in _bounded(proof):
        if not last:
            raise UntrustedError("the proof is longer than the tree is high")
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1
    if last or node != root:
        raise UntrustedError(f"the proof does not lead from leaf {index} to the root")


def check_consistency(old: int, new: int, proof: Proof, old_root: bytes, new_root: bytes) -> None:
    """Raise `UntrustedError` unless the proof shows that the tree of `new` leaves only adds to the
    one of `old`."""
    if not 0 <= old <= new:
        raise UntrustedError(f"a tree of {new} does not follow one of {old}")
    if old in (0, new):
        expected = new_root if old == new else EMPTY_ROOT
        if proof or old_root != expected or (not new and new_root != EMPTY_ROOT):
            raise UntrustedError(f"no proof relates trees of {old} and {new} leaves, or none does")
        return
    if old & (old - 1) == 0:  # a perfect tree is itself the first node
        proof = (old_root, *proof)
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    if _climbed(place, last, _bounded(proof)) != (old_root, new_root):
        raise UntrustedError(f"the tree of {new} leaves is no continuation of the one of {old}")


def _climbed(place: int, last: int, proof: Proof) -> tuple[bytes, bytes] | None:
    """Return the roots that a consistency proof leads to; None when it is too short or long."""
    if not proof:
        return None
    before = after = proof[0]
    for sibling in proof[1:]:
        if not last:
            return None
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        place >>= 1
        last >>= 1
    return None if last else (before, after)


def _bounded(proof: Proof) -> list[bytes]:
    if len(proof) > LONGEST_PROOF + 1 or any(len(node) != HASH_BYTES for node in proof):
        raise UntrustedError(f"a proof is at most {LONGEST_PROOF} hashes of {HASH_BYTES} bytes")
    return list(proof)
