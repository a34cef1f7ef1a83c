"""Blocks of collected evidence, computed again; every change of what they commit to is named."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from forensics.cases import catalogue
from forensics.cases.casefile import proofs
from forensics.cases.catalogue import Entry
from forensics.cases.proofs import prove
from schemas.errors import ConfigurationError
from tests.integration.cases.conftest import Collected

pytestmark = pytest.mark.node

Change = Callable[[Any], None]

UNCOVERED = {
    "size", "totalDifficulty", "uncles", "accessList", "gasPrice", "blockTimestamp", "blobGasPrice",
}  # fmt: skip
"""What no hash covers and no analysis reads; of an access list only what it holds counts, and a gas
price is what is signed in old transactions alone."""


def entries(robbed: Collected) -> list[Entry]:
    data = (robbed.folder / "data" / catalogue.FILE).read_bytes()
    return list(catalogue.read(data).values())


def answers(robbed: Collected, *methods: str) -> Iterator[tuple[Entry, Any]]:
    for entry in entries(robbed):
        if entry.method in methods and entry.outcome == "given":
            yield entry, json.loads((robbed.folder / "data" / entry.response).read_bytes())


def changed(robbed: Collected, entry: Entry, answer: Any) -> list[str]:
    """Return what is found when one answer is another one."""
    data = robbed.folder / "data"
    load = {entry.response: json.dumps(answer).encode()}
    found = prove(entries(robbed), lambda path: load.get(path) or (data / path).read_bytes())
    return list(found.faults)


def the_theft(robbed: Collected, method: str) -> tuple[Entry, Any]:
    """Return the answer about the block of the first theft."""
    theft = robbed.analysis.thefts[0]
    for entry, answer in answers(robbed, method):
        told = answer["result"]
        told = told[0] if isinstance(told, list) and told else told
        if isinstance(told, dict) and theft.block in (
            int(told.get("number", "0x0"), 16),
            int(told.get("blockNumber", "0x0"), 16),
        ):
            return entry, answer
    raise AssertionError(method)


def test_every_block_follows_from_the_bytes(robbed: Collected, drained: Collected) -> None:
    for case in (robbed, drained):
        found = proofs(case.folder)
        assert found.faults == ()
        blocks = {answer["result"]["hash"] for _, answer in answers(case, "eth_getBlockByNumber")}
        first, last = case.analysis.first, case.analysis.last
        assert len(blocks) == last - first + 1
        (run,) = found.runs
        assert (run.first, run.last) == (first, last)
        assert found.counts["headers"] >= len(blocks)
        assert found.counts["receipts"] >= sum(1 for _ in case.analysis.thefts)


@pytest.mark.parametrize(
    ("method", "change", "named"),
    [
        (
            "eth_getBlockByNumber",
            lambda block: block.update(timestamp=hex(int(block["timestamp"], 16) + 1)),
            "the header gives the hash",
        ),
        (
            "eth_getBlockByNumber",
            lambda block: block.update(receiptsRoot="0x" + "11" * 32),
            "with 0x",
        ),
        (
            "eth_getBlockByNumber",
            lambda block: block["transactions"][0].update(value="0x1234"),
            "transaction 0: hash is",
        ),
        (
            "eth_getBlockByNumber",
            lambda block: block["transactions"][0].update({"from": "0x" + "12" * 20}),
            "transaction 0: from is",
        ),
        ("eth_getBlockByNumber", lambda block: block["transactions"].pop(), "transactionsRoot of"),
        (
            "eth_getBlockReceipts",
            lambda receipts: receipts[0]["logs"][0].update(data="0x" + "00" * 32),
            "receiptsRoot of these is",
        ),
        (
            "eth_getBlockReceipts",
            lambda receipts: receipts[0].update({"from": "0x" + "12" * 20}),
            "receipt 0: from is 0x1212",
        ),
        (
            "eth_getBlockReceipts",
            lambda receipts: receipts[0].update(effectiveGasPrice="0x1"),
            "receipt 0: effectiveGasPrice is 0x1, must be",
        ),
        (
            "eth_getTransactionReceipt",
            lambda receipt: receipt.update(status="0x0"),
            "status is not what its block has",
        ),
        (
            "eth_getTransactionByHash",
            lambda transaction: transaction.update(input="0x"),
            "input is not what its block has",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_file(
    robbed: Collected, method: str, change: Change, named: str
) -> None:
    entry, answer = the_theft(robbed, method)
    change(answer["result"])
    found = changed(robbed, entry, answer)
    assert any(line.startswith(f"data/{entry.response}: ") and named in line for line in found)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in inner:
        if isinstance(item, (dict, list)):
            yield from leaves(item, (*path, key))
        elif isinstance(item, str) and item.startswith("0x") and not UNCOVERED & {*path, key}:
            yield (*path, key)


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_getBlockReceipts"])
def test_no_field_that_counts_can_be_changed(robbed: Collected, method: str) -> None:
    """Of every kind of field the first one, by its last digit."""
    entry, answer = the_theft(robbed, method)
    block, _ = the_theft(robbed, "eth_getBlockByNumber")
    receipts, _ = the_theft(robbed, "eth_getBlockReceipts")
    data = robbed.folder / "data"
    kinds = {
        tuple(key for key in way if isinstance(key, str)): way
        for way in reversed(list(leaves(answer["result"])))
    }
    assert len(kinds) >= 20
    for *way, last in kinds.values():
        bent = copy.deepcopy(answer)
        place = bent["result"]
        for key in way:
            place = place[key]
        place[last] = place[last][:-1] + ("1" if place[last][-1] != "1" else "2")
        load = {entry.response: json.dumps(bent).encode()}
        found = prove(
            [block, receipts],
            lambda path, load=load: load.get(path) or (data / path).read_bytes(),  # type: ignore[misc]
        )
        assert any(line.startswith(f"data/{entry.response}: ") for line in found.faults), (
            *way, last,
        )  # fmt: skip


def test_a_hostile_folder_is_refused_or_named(robbed: Collected, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    shutil.copytree(robbed.folder, folder)
    listing = folder / "data" / catalogue.FILE
    entry, _ = the_theft(robbed, "eth_getBlockReceipts")
    for text in (b"[" * 100_000, b'{"result":7}', b'{"result":[7]}', b'{"result":[{"logs":[[]]}]}'):
        (folder / "data" / entry.response).write_bytes(text)
        assert any(entry.response in line for line in proofs(folder).faults)
    listing.write_bytes(
        listing.read_bytes().replace(entry.response.encode(), b"../../../etc/hosts")
    )
    with pytest.raises(ConfigurationError, match="outside of the bag"):
        proofs(folder)


def test_the_command_says_what_follows_and_what_to_ask(robbed: Collected, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["case", "prove", str(robbed.folder)])
    assert told.exit_code == 0, told.output
    assert "0 other answers" not in told.output
    tip = proofs(robbed.folder).runs[0].tip
    assert f"ask anybody whether the last is {tip}" in told.output
    folder = tmp_path / "evidence"
    shutil.copytree(robbed.folder, folder)
    entry, answer = the_theft(robbed, "eth_getBlockReceipts")
    answer["result"][0]["logs"].pop()
    (folder / "data" / entry.response).write_text(json.dumps(answer))
    told = CliRunner().invoke(app, ["case", "prove", str(folder)])
    assert told.exit_code == 1
    assert f"data/{entry.response}: receiptsRoot of these is" in told.output
