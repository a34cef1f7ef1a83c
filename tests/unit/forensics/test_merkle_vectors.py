"""RFC 6962 against published vectors.

Roots, nodes and proofs are those of Certificate Transparency's reference tests, as in
github.com/transparency-dev/merkle: testonly/constants.go and proof/verify_test.go.
"""

from itertools import pairwise

import pytest

from forensics.record import tiles
from forensics.record.errors import UntrustedError
from forensics.record.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    check_consistency,
    check_inclusion,
    leaf_hash,
)
from forensics.record.tiles import Tile

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = [  # leaf, size, proof
    (
        0,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
        ),
    ),
    (
        5,
        8,
        (
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
        ),
    ),
    (2, 3, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
    (
        1,
        5,
        (
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
        ),
    ),
    (0, 1, ""),
]
CONSISTENCY = [  # old, new, proof
    (1, 1, ""),
    (
        1,
        8,
        (
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
        ),
    ),
    (
        6,
        8,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
        ),
    ),
    (
        2,
        5,
        (
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
        ),
    ),
    (
        6,
        7,
        (
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
        ),
    ),
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def tile(wanted: Tile) -> bytes:
    assert (wanted.level, wanted.number) == (0, 0)
    return b"".join(HASHES)


def cut(text: str) -> list[bytes]:
    data = bytes.fromhex(text)
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def test_every_tree_has_its_published_root() -> None:
    frontier = Frontier()
    found = [frontier.root()]
    for leaf in HASHES:
        frontier.append(leaf)
        found.append(frontier.root())

    assert found == ROOTS
    assert [tiles.root(size, tile) for size in range(9)] == ROOTS
    assert ROOTS[0] == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_a_published_inclusion_proof_is_made_and_believed(
    index: int, size: int, proof: str
) -> None:
    assert tiles.inclusion(index, size, tile) == cut(proof)
    check_inclusion(index, size, HASHES[index], cut(proof), ROOTS[size])


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY)
def test_a_published_consistency_proof_is_made_and_believed(old: int, new: int, proof: str) -> None:
    assert tiles.consistency(old, new, tile) == cut(proof)
    check_consistency(old, new, cut(proof), ROOTS[old], ROOTS[new])


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_no_mangled_inclusion_proof_is_believed(index: int, size: int, proof: str) -> None:
    leaf, root, good = HASHES[index], ROOTS[size], cut(proof)
    mangled = [
        (index - 1, size, leaf, good, root),
        (index + 1, size, leaf, good, root),
        (index ^ 2, size, leaf, good, root),
        (index, size * 2, leaf, good, root),
        (index, size // 2, leaf, good, root),
        (index, size, b"WrongLeaf", good, root),
        (index, size, leaf, good, EMPTY_ROOT),
        (index, size, leaf, [*good, b""], root),
        (index, size, leaf, [*good, root], root),
        (index, size, leaf, [b"", *good], root),
        (index, size, leaf, [root, *good], root),
        *((index, size, leaf, flipped(good, at), root) for at in range(len(good))),
    ]
    if good:
        mangled.append((index, size, leaf, good[:-1], root))
    for case in mangled:
        with pytest.raises(UntrustedError):
            check_inclusion(*case)


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCY[1:])
def test_no_mangled_consistency_proof_is_believed(old: int, new: int, proof: str) -> None:
    good, before, after = cut(proof), ROOTS[old], ROOTS[new]
    for case in [
        (old - 1, new, good, before, after),
        (old + 1, new, good, before, after),
        (old ^ 2, new, good, before, after),
        (old, new * 2, good, before, after),
        (old, new // 2, good, before, after),
        (old, new, good, b"WrongRoot", after),
        (old, new, good, before, b"WrongRoot"),
        (old, new, good, after, before),
        (old, new, [], before, after),
        (old, new, [*good, b""], before, after),
        (old, new, [*good, before], before, after),
        (old, new, [*good, after], before, after),
        (old, new, [before, *good], before, after),
        (old, new, [after, *good], before, after),
        (old, new, [good[0], *good], before, after),
        (old, new, good[:-1], before, after),
        *((old, new, flipped(good, at), before, after) for at in range(len(good))),
    ]:
        with pytest.raises(UntrustedError):
            check_consistency(*case)


@pytest.mark.parametrize(
    ("old", "new", "proof", "before", "after"),
    [
        (0, 0, [], ROOTS[1], ROOTS[2]),
        (1, 1, [], ROOTS[1], ROOTS[2]),
        (1, 0, [], ROOTS[1], ROOTS[0]),
        (2, 1, [], ROOTS[2], ROOTS[1]),
        (1, 2, [], ROOTS[1], ROOTS[2]),
        (0, 1, [EMPTY_ROOT], EMPTY_ROOT, ROOTS[1]),
        (1, 1, [EMPTY_ROOT], ROOTS[1], ROOTS[1]),
    ],
)
def test_trees_that_need_no_proof_are_told_apart(
    old: int, new: int, proof: list[bytes], before: bytes, after: bytes
) -> None:
    with pytest.raises(UntrustedError):
        check_consistency(old, new, proof, before, after)


def test_every_tree_follows_the_empty_one_and_itself() -> None:
    for size, root in enumerate(ROOTS):
        check_consistency(0, size, [], EMPTY_ROOT, root)
        check_consistency(size, size, [], root, root)
    assert all(before != after for before, after in pairwise(ROOTS))


def flipped(proof: list[bytes], at: int) -> list[bytes]:
    node = proof[at]
    return [*proof[:at], bytes([node[0] ^ 8]) + node[1:], *proof[at + 1 :]]
