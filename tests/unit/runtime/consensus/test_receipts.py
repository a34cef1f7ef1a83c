"""Roots over receipts, against blocks whose headers are known."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]  # it comes without types
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from runtime.consensus.receipts import BLOOM_BYTES, logs_bloom, receipts_root
from runtime.consensus.trie import ordered_root
from schemas.errors import PoisonRecordError

EMPTY_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


@pytest.fixture(scope="module")
def block(data: Path) -> dict[str, Any]:
    folder = data / "balancer_sta_block"
    path = next(folder.glob("block_*.json.gz"))
    found: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return found


@pytest.fixture
def receipts(block: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        json.dumps([transaction["receipt"] for transaction in block["transactions"]])
    )
    return found


def test_the_root_of_nothing_is_the_empty_trie() -> None:
    assert ordered_root([]).hex() == EMPTY_ROOT
    assert receipts_root([]).hex() == EMPTY_ROOT


def test_recorded_receipts_give_the_root_of_their_header(
    block: dict[str, Any], receipts: list[dict[str, Any]]
) -> None:
    assert receipts_root(receipts).hex() == block["receiptsRoot"][2:]


def test_a_missing_log_changes_the_root(
    block: dict[str, Any], receipts: list[dict[str, Any]]
) -> None:
    next(receipt for receipt in receipts if receipt["logs"])["logs"].pop()
    assert receipts_root(receipts).hex() != block["receiptsRoot"][2:]


def test_swapped_receipts_change_the_root(
    block: dict[str, Any], receipts: list[dict[str, Any]]
) -> None:
    receipts[0], receipts[1] = receipts[1], receipts[0]
    assert receipts_root(receipts).hex() != block["receiptsRoot"][2:]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cumulativeGasUsed", "-0x1"),
        ("cumulativeGasUsed", None),
        ("status", "yes"),
        ("logsBloom", "0x0"),
        ("type", 2),
    ],
)
def test_what_cannot_be_read_is_named(field: str, value: object) -> None:
    receipt = {"status": "0x1", "cumulativeGasUsed": "0x5208", "logs": [], field: value}
    with pytest.raises(PoisonRecordError, match=field):
        receipts_root([receipt])


def test_a_log_that_cannot_be_read_is_named() -> None:
    log = {"address": "0x12", "topics": [], "data": "0x"}
    with pytest.raises(PoisonRecordError, match="address"):
        receipts_root([{"status": "0x1", "cumulativeGasUsed": "0x0", "logs": [log]}])


def test_the_bloom_of_no_logs_is_empty() -> None:
    assert logs_bloom([]) == bytes(BLOOM_BYTES)


def _reference_root(values: list[bytes]) -> bytes:
    """The definition in the Yellow Paper's appendix D, with the `rlp` package."""

    def nibbles(key: bytes) -> list[int]:
        return [int(digit, 16) for digit in key.hex()]

    def prefixed(path: list[int], flag: int) -> bytes:
        digits = [flag + 1, *path] if len(path) % 2 else [flag, 0, *path]
        return bytes.fromhex("".join(f"{digit:x}" for digit in digits))

    def structure(pairs: list[tuple[list[int], bytes]]) -> Any:
        if not pairs:
            return b""
        if len(pairs) == 1:
            return [prefixed(pairs[0][0], 2), pairs[0][1]]
        common = 0
        while all(len(p) > common and p[common] == pairs[0][0][common] for p, _ in pairs):
            common += 1
        if common:
            below = node([(path[common:], value) for path, value in pairs])
            return [prefixed(pairs[0][0][:common], 0), below]
        branches = [
            node([(path[1:], value) for path, value in pairs if path and path[0] == nibble])
            for nibble in range(16)
        ]
        own = [value for path, value in pairs if not path]
        return [*branches, own[0] if own else b""]

    def node(pairs: list[tuple[list[int], bytes]]) -> Any:
        made = structure(pairs)
        encoded = rlp.encode(made)
        return made if not pairs or len(encoded) < 32 else keccak(encoded)

    return keccak(
        rlp.encode(structure([(nibbles(rlp.encode(i)), v) for i, v in enumerate(values)]))
    )


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20) | st.integers(0, 300))
def test_it_is_the_root_of_the_definition(values: list[bytes] | int) -> None:
    if isinstance(values, int):
        values = [bytes([index % 256]) * 40 for index in range(values)]
    assert ordered_root(values) == _reference_root(values)
