"""Whatever stands in a file, reading it raises nothing, loses nothing, and repeats itself."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.files import Item, Tally, Unreadable, read

ADDRESS, HASH = "0x" + "ab" * 20, "0x" + "cd" * 32
ROW = {
    "type": "call",
    "action": {"from": ADDRESS, "to": ADDRESS, "callType": "call", "input": "0x", "value": "0x0"},
    "result": {"output": "0x"},
    "traceAddress": [],
    "transactionHash": HASH,
    "transactionPosition": 0,
    "blockHash": HASH,
    "blockNumber": 16,
}
LOG = {"address": ADDRESS, "topics": [HASH], "data": "0x", "logIndex": "0x0"}
TRANSACTION = {
    "hash": HASH,
    "transactionIndex": "0x0",
    "from": ADDRESS,
    "to": ADDRESS,
    "value": "0x0",
    "input": "0x",
    "receipt": {"status": "0x1", "gasUsed": "0x1", "logs": [LOG]},
}
TREE = {"type": "CALL", "from": ADDRESS, "to": ADDRESS, "input": "0x", "calls": []}
ACCESSES = {ADDRESS: [["sstore", "0x1", "0x2", 3, 4], ["sload", "0x1", "0x2", 3]]}
DOCUMENTS: dict[str, Any] = {
    "block.json": {
        "number": "0x10",
        "hash": HASH,
        "parentHash": HASH,
        "timestamp": "0x1",
        "transactions": [TRANSACTION],
    },
    "rows.json": [ROW],
    "16.json": {"block_number": 16, "traces": [ROW], "receipts": []},
    "tree.json": {"id": 1, "jsonrpc": "2.0", "result": TREE | {"calls": [TREE]}},
    "trees.json": {"block_number": 16, "transaction_traces": [TREE]},
    "12.json": {
        HASH: [
            [[ADDRESS, "0x11223344", "complete", -1, 9, "firstcall", ACCESSES]],
            [["ether", ADDRESS, ADDRESS, 5]],
        ]
    },
    "prices.json": {"meta": {}, "data": [{"dt": "2023-03-09", "o": 1, "h": 1, "l": 1, "c": 1}]},
    "etl.jsonl": {
        "trace_type": "call",
        "trace_address": "0",
        "from_address": ADDRESS,
        "to_address": ADDRESS,
        "transaction_hash": HASH,
        "transaction_index": 0,
        "block_number": 16,
    },
    "code.jsonl": {"init_code": "0x60", "runtime_code": "0x60", "address": ADDRESS},
}

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**300), 2**300),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["0x", ADDRESS, HASH, "None", "-1", "1e9", "\ud800"]),
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    children = value.items() if isinstance(value, dict) else ()
    for key, inner in enumerate(value) if isinstance(value, list) else children:
        yield from places(inner, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def read_twice(path: Path) -> list[Item]:
    tally = Tally()
    items = list(read(path, tally=tally))
    for file in tally.files.values():
        assert file.read == file.published + file.skipped.total() + file.unreadable
        assert file.read > 0
    assert repr(list(read(path))) == repr(items)
    return items


@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_any_value_in_any_place(name: str, folder: Path, drawn: st.DataObject) -> None:
    whole = DOCUMENTS[name]
    place = drawn.draw(st.sampled_from(list(places(whole))))
    (folder / name).write_text(json.dumps(replaced(whole, place, drawn.draw(ANYTHING))))
    read_twice(folder)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_any_field_may_be_missing(name: str, folder: Path) -> None:
    for place in places(DOCUMENTS[name]):
        if place and isinstance(place[-1], str):
            around = DOCUMENTS[name]
            for key in place[:-1]:
                around = around[key]
            smaller = {key: value for key, value in around.items() if key != place[-1]}
            told = replaced(DOCUMENTS[name], place[:-1], smaller)
            (folder / name).write_text(json.dumps(told))
            read_twice(folder)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=200),
    start=st.sampled_from([b"", b"[", b"{", b"PAR1", b"\x1f\x8b", b"PK\x03\x04"]),
)
def test_any_bytes(folder: Path, data: bytes, start: bytes) -> None:
    (folder / "file").write_bytes(start + data)
    read_twice(folder)


@pytest.mark.parametrize("name", ["codes.jsonl.gz", "archive.zip", "prices.parquet"])
def test_any_flipped_byte(name: str, folder: Path, packed: Callable[[str], Path]) -> None:
    path = packed(name)
    data = path.read_bytes()
    chance = random.Random(7)
    for _ in range(60):
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        read_twice(folder)


@pytest.mark.parametrize("name", ["codes.jsonl.gz", "archive.zip", "prices.parquet"])
def test_any_truncation(name: str, folder: Path, packed: Callable[[str], Path]) -> None:
    path = packed(name)
    data = path.read_bytes()
    for length in range(1, len(data), max(1, len(data) // 40)):
        path.write_bytes(data[:length])
        assert any(isinstance(item.body, Unreadable) for item in read_twice(folder)) or length < 5


@pytest.fixture
def packed(folder: Path) -> Callable[[str], Path]:
    """Write a small file that is good."""
    import gzip
    from zipfile import ZIP_DEFLATED, ZipFile

    import pyarrow as pa  # type: ignore[import-untyped]  # the package carries no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # the package carries no types

    def write(name: str) -> Path:
        path = folder / name
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(json.dumps(DOCUMENTS["code.jsonl"]).encode()))
        elif name.endswith(".zip"):
            with ZipFile(path, "w", ZIP_DEFLATED) as archive:
                archive.writestr("Alpha/12.json", json.dumps(DOCUMENTS["12.json"]))
                archive.writestr("Alpha/13.json", json.dumps(DOCUMENTS["12.json"]))
        else:
            one = [1.0, 2.0]
            bars = {"open": one, "high": one, "low": one, "close": one, "timestamp": [1, 2]}
            pq.write_table(pa.table(bars), path)
        return path

    return write
