"""Trees of any size: what is made is believed, what is changed is not."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.record import tiles
from forensics.record.errors import UntrustedError
from forensics.record.merkle import (
    HASH_BYTES,
    Frontier,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
)
from forensics.record.proof import LogProof, parse_proof
from forensics.record.tiles import WIDTH, Tile, place, placed, width_in

LARGEST = 70_000
LEAVES = [sha256(b"%d" % number).digest() for number in range(LARGEST)]


def _levels() -> list[list[bytes]]:
    """The rows of hashes that tiles are cut from."""
    rows = [LEAVES]
    while len(rows[-1]) >= WIDTH:
        row = rows[-1]
        frontiers = (row[at : at + WIDTH] for at in range(0, len(row) - WIDTH + 1, WIDTH))
        rows.append([root_of(part) for part in frontiers])
    return rows


def root_of(leaves: list[bytes]) -> bytes:
    """MTH(D[n]) as RFC 6962 writes it."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:half]), root_of(leaves[half:]))


LEVELS = _levels()


def tile(wanted: Tile) -> bytes:
    start = wanted.number * WIDTH
    return b"".join(LEVELS[wanted.level][start : start + wanted.width])


sizes = st.integers(1, LARGEST) | st.sampled_from([1, 2, 255, 256, 257, 65_536, LARGEST])
near = st.integers(1, 600)


@given(near)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)

    assert frontier.root() == tiles.root(size, tile) == root_of(LEAVES[:size])
    assert tiles.frontier(size, tile).peaks == frontier.peaks


@given(sizes, st.data())
def test_every_leaf_is_proved_and_no_other_in_its_place(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = tiles.inclusion(index, size, tile), tiles.root(size, tile)

    check_inclusion(index, size, LEAVES[index], proof, root)

    with pytest.raises(UntrustedError):
        check_inclusion(index, size, leaf_hash(b"another"), proof, root)
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
        with pytest.raises(UntrustedError):
            check_inclusion(other, size, LEAVES[index], proof, root)
        at = data.draw(st.integers(0, len(proof) * HASH_BYTES * 8 - 1))
        with pytest.raises(UntrustedError):
            check_inclusion(index, size, LEAVES[index], _flipped(proof, at), root)


@given(sizes, sizes, st.data())
def test_growth_is_proved_and_a_fork_is_not(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    proof = tiles.consistency(old, new, tile)
    before, after = tiles.root(old, tile), tiles.root(new, tile)

    check_consistency(old, new, proof, before, after)

    for roots in ((leaf_hash(b""), after), (before, leaf_hash(b""))):
        with pytest.raises(UntrustedError):
            check_consistency(old, new, proof, *roots)
    if proof:
        at = data.draw(st.integers(0, len(proof) * HASH_BYTES * 8 - 1))
        with pytest.raises(UntrustedError):
            check_consistency(old, new, _flipped(proof, at), before, after)


def test_a_tree_has_the_tiles_that_the_specification_counts() -> None:
    full = {level: LARGEST >> 8 * (level + 1) for level in range(3)}
    assert full == {0: 273, 1: 1, 2: 0}
    assert width_in(LARGEST, 0, 273) == 112
    assert width_in(LARGEST, 1, 1) == 17
    assert width_in(LARGEST, 2, 0) == 1
    assert (width_in(256, 0, 0), width_in(256, 1, 0)) == (256, 1)
    assert place(1234067) == "x001/x234/067"
    assert place(273, 112) == "273.p/112"


@given(st.integers(0, 10**18), st.integers(1, WIDTH))
def test_a_tile_has_one_path(number: int, width: int) -> None:
    assert placed(3, place(number, width)) == Tile(3, number, width)


@given(st.text(alphabet="x0123456789/.p", max_size=20))
def test_what_is_no_path_is_no_tile(text: str) -> None:
    try:
        found = placed(0, text)
    except UntrustedError:
        return
    assert place(found.number, found.width) == text


proofs = st.builds(
    LogProof,
    position=st.integers(0, 2**63 - 1),
    hashes=st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    checkpoint=st.just(b"log\n1\nroot\n\n\xe2\x80\x94 log AAAAAAAA\n"),
    extra=st.none() | st.binary(max_size=100),
)


@given(proofs)
def test_a_proof_is_read_as_it_was_written(proof: LogProof) -> None:
    assert parse_proof(str(proof).encode()) == proof


@settings(max_examples=40)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(UntrustedError):
        parse_proof(data)
    with pytest.raises(UntrustedError):
        parse_proof(b"c2sp.org/tlog-proof@v1\n" + data.replace(b"index", b""))


def _flipped(proof: list[bytes], bit: int) -> list[bytes]:
    whole = bytearray(b"".join(proof))
    whole[bit // 8] ^= 1 << bit % 8
    return [bytes(whole[at : at + HASH_BYTES]) for at in range(0, len(whole), HASH_BYTES)]
