from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.files import Tally, read

Put = Callable[..., Path]

TX = "0x" + "ab" * 32


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("INDEX.csv", ["tx,chain,attacker,victim", f"{TX},bsc,a,b"]),
        ("index.csv", ["protocol,blocks,exploit_tx", f"Alpha,5,{TX}"]),
        ("tags.csv.gz", [",Address,Name Tag,Balance", "0,0x1,Mixer,5"]),
        ("window.csv", ["\ufeffadversarial contract,time window", "0x1,5"]),
        ("LABELS.json", [{"note": "x", "labels": {"arbitrage": [{"tx": TX}]}}]),
        ("benchmarks.json", [{"Alpha": {"Alpha": {"exploitTx": TX, "interface": "0x1"}}}]),
        ("incidents.json.gz", [[{"id": "X", "loss_usd": 5.0}]]),
        ("incidents.jsonl", [{"id": "X", "loss_usd": 5.0}, {"id": "Y", "loss_usd": 5.0}]),
    ],
)
def test_labels_are_recognised_and_not_read(put: Put, name: str, content: list[Any]) -> None:
    tally = Tally()
    assert list(read(put(name, *content), tally=tally)) == []
    assert tally.skipped == {"labels, not read": 1}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("README.md", ["# Data, and more"], "documentation"),
        (".DS_Store", [b"\x00\x01"], "hidden"),
        ("nothing.json", [b""], "empty"),
        ("blank.csv", [b"\n \r\n"], "empty"),
        ("none.json", [[]], "empty"),
        ("unfilled.json", [{}], "empty"),
        ("header.csv", ["date,open,high,low,close"], "empty"),
        ("products.json", [[{"title": "Soap", "price": 5}]], "no chain data of a known shape"),
        ("notes", ["Dear reader, this is", "no data at all."], "no chain data of a known shape"),
        ("number.json", ["5"], "no chain data of a known shape"),
        ("numbers.json", [[1]], "no chain data of a known shape"),
        (
            "answer.json",
            [{"jsonrpc": "2.0", "id": 1, "result": None}],
            "an answer without chain data",
        ),
        (
            "refusal.json",
            [{"jsonrpc": "2.0", "id": 1, "error": {"code": 5}}],
            "no chain data of a known shape",
        ),
    ],
)
def test_what_holds_no_chain_data_is_skipped_with_a_reason(
    put: Put, name: str, content: list[Any], reason: str
) -> None:
    tally = Tally()
    assert list(read(put(name, *content), tally=tally)) == []
    assert tally.skipped == {reason: 1}
    assert list(tally.files) == [name]
