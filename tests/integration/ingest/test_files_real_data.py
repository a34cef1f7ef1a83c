"""Every recorded file there is: read whole, read blind, and read the same way twice."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from ingest.files import Code, Item, Tally, Unreadable, contracts, extent, read
from ingest.raw import RawBlock, RawTransaction
from schemas.chain import Price
from schemas.codec import encode

LARGE = ("prices", "protocol_histories", "raw_logs")
FOLDERS = (
    "balancer_sta_block",
    "benign_traces",
    "contract_bytecode",
    "ethereum_etl",
    "exploit_traces",
    "incidents",
    "labels",
    "mev_blocks",
    "recent_blocks",
    *(pytest.param(name, marks=pytest.mark.slow) for name in LARGE),
)

Reading = tuple[list[Item], Tally]


@pytest.fixture(scope="module")
def reading(data: Path) -> Callable[[str], Reading]:
    """Read a folder, once for all tests."""
    known: dict[str, Reading] = {}

    def once(name: str) -> Reading:
        if name not in known:
            tally = Tally()
            known[name] = list(read(data / name, tally=tally)), tally
        return known[name]

    return once


def blocks(items: list[Item], case: str | None = None) -> list[RawBlock]:
    return [
        item.body
        for item in items
        if isinstance(item.body, RawBlock) and (case is None or item.case == case)
    ]


def transactions(items: list[Item], case: str | None = None) -> list[RawTransaction]:
    return [tx for block in blocks(items, case) for tx in block.transactions]


def logs(told: list[RawTransaction]) -> int:
    return sum(len(tx.logs or ()) for tx in told)


def text(path: Path) -> str:
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()


@pytest.mark.parametrize("name", FOLDERS)
def test_every_file_is_recognised_or_skipped_with_a_reason(
    reading: Callable[[str], Reading], data: Path, name: str
) -> None:
    items, tally = reading(name)
    assert [item for item in items if isinstance(item.body, Unreadable)] == []
    assert tally.unreadable == 0
    assert len(tally.files) == extent(data / name)[0]
    for file in tally.files.values():
        assert file.read == file.published + file.skipped.total() > 0


def test_labels_and_incidents_yield_nothing(reading: Callable[[str], Reading]) -> None:
    for name, files in (("labels", 9), ("incidents", 5)):
        items, tally = reading(name)
        assert items == []
        assert tally.skipped["labels, not read"] == files


@pytest.mark.parametrize("name", FOLDERS)
def test_a_second_reading_gives_the_same_items(
    reading: Callable[[str], Reading], data: Path, name: str
) -> None:
    items, _ = reading(name)
    assert all(one == other for one, other in zip(items, read(data / name), strict=True))


@pytest.mark.parametrize("name", FOLDERS)
def test_blocks_of_a_case_ascend_and_transactions_come_by_index(
    reading: Callable[[str], Reading], name: str
) -> None:
    heights: dict[str, int] = {}
    for item in reading(name)[0]:
        if isinstance(item.body, RawBlock):
            assert item.body.number >= heights.get(item.case, 0)
            heights[item.case] = item.body.number
            places = [tx.index for tx in item.body.transactions]
            assert places == sorted(set(places))
            hashes = [tx.hash for tx in item.body.transactions]
            assert len(set(hashes)) == len(hashes)


def test_a_block_with_its_receipts(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("balancer_sta_block")
    (block,) = blocks(items)
    assert items[0].case == "balancer_sta_block"
    assert block.number == 10355807
    assert len(block.transactions) == 28
    assert logs(block.transactions) == 613
    assert all(tx.ok is not None and tx.value is not None for tx in block.transactions)


def frames_of(tree: dict[str, Any]) -> int:
    return 1 + sum(map(frames_of, tree.get("calls") or ()))


def test_call_trees_of_attacks(reading: Callable[[str], Reading], data: Path) -> None:
    items, _ = reading("exploit_traces")
    assert len(items) == 66
    found = {
        item.body.transactions[0].hash: item for item in items if isinstance(item.body, RawBlock)
    }
    for path in sorted((data / "exploit_traces").rglob("0x*.json*")):
        tree = json.loads(text(path))
        item = found[path.name.partition(".")[0]]
        assert isinstance(item.body, RawBlock)
        (told,) = item.body.transactions
        assert len(told.frames or ()) == frames_of(tree.get("result", tree))
        assert item.body.chain == ("eip155:56" if path.parent.name == "bsc" else "eip155:1")
        assert item.case == f"{path.parent.name}.{told.hash}"


def test_protocol_histories(reading: Callable[[str], Reading], data: Path) -> None:
    items, _ = reading("protocol_histories")
    assert len(transactions(items)) == 6863
    rows = list(csv.DictReader(text(data / "protocol_histories" / "INDEX.csv").splitlines()))
    assert {item.case for item in items} == {row["protocol"] for row in rows}
    for row in rows:
        told = transactions(items, row["protocol"])
        numbers = [block.number for block in blocks(items, row["protocol"])]
        assert len(numbers) == int(row["blocks"])
        assert (numbers[0], numbers[-1]) == (int(row["first_block"]), int(row["last_block"]))
        assert len(told) == int(row["txs"])
        assert sum(len(tx.frames or ()) for tx in told) == int(row["calls"])
        assert sum(len(tx.transfers or ()) for tx in told) == int(row["token_transfers"])
        assert sum(len(tx.writes or ()) for tx in told) <= int(row["sstore"])
    empty = sum(not tx.frames and not tx.transfers for tx in transactions(items))
    assert empty == 1266


def stepped_writes(path: Path) -> Iterator[tuple[str, str, int]]:
    with ZipFile(path) as archive:
        for name in archive.namelist():
            for tx, told in json.loads(
                archive.read(name) if name.endswith("json") else "{}"
            ).items():
                for call in told[0] if told else ():
                    for contract, accesses in call[6].items() if call[6] else ():
                        for access in accesses:
                            if access[0] == "sstore":
                                yield tx, contract, access[4]


@pytest.mark.parametrize("protocol", ["MonoXFi", "Warp_interface", "NowSwap"])
def test_a_storage_write_is_counted_once(
    reading: Callable[[str], Reading], data: Path, protocol: str
) -> None:
    told = transactions(reading("protocol_histories")[0], protocol)
    once = set(stepped_writes(data / "protocol_histories" / f"{protocol}.zip"))
    assert sum(len(tx.writes or ()) for tx in told) == len(once)


def test_protected_contracts_are_known_by_case(
    reading: Callable[[str], Reading], data: Path
) -> None:
    known = contracts(data / "protocol_histories")
    cases = {item.case for item in reading("protocol_histories")[0]}
    assert known.keys() < cases
    assert sum(map(len, known.values())) == 15


def test_blocks_with_traces(reading: Callable[[str], Reading], data: Path) -> None:
    items, tally = reading("mev_blocks")
    assert len(items) == 13
    rows = receipts = 0
    for path in (data / "mev_blocks").glob("1*.json.gz"):
        told = json.loads(text(path))
        rows += sum(row["type"] != "reward" for row in told["traces"])
        receipts += len(told["receipts"])
    assert len(transactions(items)) == receipts == 2841
    assert sum(len(tx.frames or ()) for tx in transactions(items)) == rows
    assert tally.skipped["block reward"] == 14


def test_unusual_benign_traces(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("benign_traces")
    sizes = sorted(len(block.transactions) for block in blocks(items))
    assert sizes == [1] * 15 + [124]
    assert sum(len(tx.frames or ()) for tx in transactions(items)) == 2629
    assert {tx.ok for tx in transactions(items)} == {True, False}


def test_raw_logs(reading: Callable[[str], Reading]) -> None:
    items, tally = reading("raw_logs")
    found = {
        case: (logs(transactions(items, case)), {block.chain for block in blocks(items, case)})
        for case in {item.case for item in items}
    }
    pool = "0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640"
    asset = "0x2791bca1f2de4661ed88a30c99a7a9449aa84174"
    assert found == {
        f"ethereum-{pool}-2024-01-05": (6234, {"eip155:1"}),
        "ethereum-uniswap-proxy-lp-2024-01-05": (3853, {"eip155:1"}),
        f"polygon-aave_v3-{asset}-2024-01-06": (2111, {"eip155:137"}),
    }
    named = transactions(items, f"ethereum-{pool}-2024-01-05")
    assert {log.contract for tx in named for log in tx.logs or ()} == {pool}
    assert sum(tx.sender is not None for tx in named) == 120
    assert sum(bool(file.notes) for file in tally.files.values()) == 2


def test_exported_blocks(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("ethereum_etl")
    case = "test_stream.blocks_17173049_17173050"
    told = transactions(items, case)
    assert [block.number for block in blocks(items, case)] == [17173049, 17173050]
    assert (len(told), logs(told)) == (298, 681)
    assert sum(len(tx.transfers or ()) for tx in told) == 291
    assert max(tx.value or 0 for tx in told) > 2**64
    assert all(tx.logs is not None and tx.ok is not None for tx in told)


def test_recorded_answers_join_exports(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("ethereum_etl")
    (block,) = blocks(items, "test_export_traces_job.block_with_subtraces")
    assert (block.number, len(block.transactions)) == (1000000, 2)
    assert [len(tx.frames or ()) for tx in block.transactions] == [2, 1]
    (destroyed,) = blocks(items, "test_extract_geth_traces_job.block_with_suicide")
    assert [frame.kind for frame in destroyed.transactions[0].frames or ()] == ["call", "destroy"]


def test_recent_blocks(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("recent_blocks")
    sizes = {block.number: len(block.transactions) for block in blocks(items)}
    assert [sizes[number] for number in (21306058, 21306059, 21306060)] == [3, 129, 128]
    assert sum(tx.logs is not None for tx in transactions(items)) == 4
    assert logs(transactions(items)) == 7


def test_prices(reading: Callable[[str], Reading]) -> None:
    items, _ = reading("prices")
    counts: dict[str, int] = {}
    lows: dict[str, float] = {}
    for item in items:
        assert isinstance(item.body, Price)
        counts[item.case] = counts.get(item.case, 0) + 1
        lows[item.case] = min(lows.get(item.case, 2.0), float(item.body.low))
    assert counts == {
        "data_usdc_large_depeg_2023": 808,
        "data_usdc_no_depeg_1": 861,
        "data_usdc_normal_depeg_1": 91,
        "data_usdt_price_history": 1308,
        "uniswap_usde": 2980,
        "usde_minute_binance": 184125,
    }
    assert lows["data_usdc_large_depeg_2023"] == pytest.approx(0.899, abs=1e-3)
    assert lows["usde_minute_binance"] == pytest.approx(0.65)
    assert lows["uniswap_usde"] > 0.95


def test_every_price_can_be_published(reading: Callable[[str], Reading]) -> None:
    bodies = [item.body for item in reading("prices")[0]]
    sample = [body for body in bodies[::500] if isinstance(body, Price)]
    assert len({body.id for body in sample}) == len(sample)
    assert all(encode(body) for body in sample)


def test_bytecode(reading: Callable[[str], Reading], data: Path) -> None:
    items, _ = reading("contract_bytecode")
    lines = text(data / "contract_bytecode" / "contracts.jsonl.gz").splitlines()
    assert len(items) == len(lines) == 768
    for item, line in zip(items, lines, strict=True):
        assert isinstance(item.body, Code)
        assert item.body.name == json.loads(line)["code_keccak"]
        assert "label" not in repr(item.body)
