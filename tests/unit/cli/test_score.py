"""`firebreak score` on recordings by strangers: every row, every reason, whatever the names."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import contracts
from cli.score import score
from detectors.bytecode.judgement import judge as code_judge
from runtime.bytecode import split_creation
from schemas.errors import ConfigurationError

Judge = Callable[..., list[dict[str, str]]]


def address(number: int) -> str:
    return f"0x{number:040x}"


def digest(number: int) -> str:
    return f"0x{number:064x}"


def tree(*calls: Any, to: int = 2, value: Any = "0x7") -> dict[str, Any]:
    return {
        "type": "CALL",
        "from": address(1),
        "to": address(to),
        "value": value,
        "input": "0x11223344",
        "calls": list(calls),
    }


def block(number: int, name: int, *txs: int, index: int | None = None) -> dict[str, Any]:
    return {
        "number": hex(number),
        "hash": digest(name),
        "parentHash": digest(name - 1),
        "timestamp": "0x64",
        "transactions": [
            {
                "hash": digest(tx),
                "transactionIndex": hex(place if index is None else index),
                "from": address(1),
                "to": address(2),
                "value": "0x1",
                "input": "0x",
            }
            for place, tx in enumerate(txs)
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recorded"
    made.mkdir()
    return made


@pytest.fixture
def put(folder: Path) -> Callable[[str, Any], None]:
    def write(name: str, value: Any) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value))

    return write


@pytest.fixture
def judge(folder: Path, tmp_path: Path) -> Judge:
    def run(path: Path = folder) -> list[dict[str, str]]:
        out = tmp_path / "scores.csv"
        score(path, out, "core", None)
        with out.open(newline="") as file:
            return list(csv.DictReader(file))

    return run


Put = Callable[[str, Any], None]


def test_a_row_names_case_order_and_transaction(put: Put, judge: Judge) -> None:
    put("Vault/5.json", {digest(7): [[], []], digest(8): [[], []]})
    put("Vault/16.json", {digest(9): [[], []]})
    rows = judge()
    assert list(rows[0]) == ["case", "order", "tx", "score", "p_value", "alerted", "detectors"]
    assert [(row["case"], row["order"], row["tx"]) for row in rows] == [
        ("Vault", "0", digest(7)),
        ("Vault", "1", digest(8)),
        ("Vault", "2", digest(9)),
    ]


def test_a_trace_without_a_transaction_goes_by_its_stem(put: Put, judge: Judge) -> None:
    put("Some Incident.json", tree(tree()))
    (row,) = judge()
    assert row["tx"] == "Some Incident"


def test_a_nested_folder_and_a_file_alone_are_scored_alike(
    put: Put, folder: Path, judge: Judge
) -> None:
    put(f"deeper/still/{digest(3)}.json", tree(tree()))
    (nested,) = judge()
    (alone,) = judge(folder / f"deeper/still/{digest(3)}.json")
    assert (nested["case"], alone["case"]) == (f"deeper.still.{digest(3)}", digest(3))
    nested.pop("case")
    alone.pop("case")
    assert nested == alone


def test_a_transaction_is_as_strange_as_the_code_that_it_deploys(put: Put, judge: Judge) -> None:
    _, code = split_creation(bytes.fromhex(contracts.load("SpotAttack").bytecode[2:]))
    made = {"type": "CREATE", "from": address(1), "to": address(9), "value": "0x0", "input": "0x"}
    put("attack.json", made | {"output": "0x" + code.hex()})
    put("empty.json", made | {"output": "0x"})
    put("reverted.json", made | {"output": "0x" + code.hex(), "error": "reverted"})
    rows = {row["case"]: float(row["p_value"]) for row in judge()}
    assert rows["attack"] == pytest.approx(10 * code_judge("0x", "0x" + code.hex()).p_value)
    assert rows["empty"] == rows["reverted"] == 1.0


def test_numbers_may_be_written_in_any_way(put: Put, judge: Judge) -> None:
    coin = 10**18
    for name, value in {"hexadecimal": hex(coin), "text": str(coin), "number": coin}.items():
        put(f"{name}.json", tree(tree(value=value), value=value))
    put("nothing.json", tree(tree(value=None), value=None))
    rows = {row["case"]: row["score"] for row in judge()}
    assert rows["hexadecimal"] == rows["text"] == rows["number"]
    assert len(rows) == 4


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(
    put: Put, folder: Path, judge: Judge, capsys: pytest.CaptureFixture[str]
) -> None:
    put("cut.json", '{"type": "CALL", "from":')
    put("other.json", {"weather": "fine"})
    put("INDEX.csv", "tx,attacker\n0x1,0x2\n")
    put("codes.jsonl", "\n".join('{"init_code": "", "runtime_code": "?"}' for _ in range(9)))
    put("good.json", tree(tree()))
    (folder / "elsewhere").symlink_to(folder)
    assert [row["case"] for row in judge()] == ["good"]
    said = capsys.readouterr().err
    assert "cut.json: not JSON" in said
    assert "other.json: no chain data of a known shape" in said
    assert "elsewhere: a link to a folder, not followed" in said
    assert "codes.jsonl: line 5:" in said
    assert "codes.jsonl: 4 more that cannot be read" in said
    assert "left out 1: labels, not read" in said
    assert "11 unreadable" in said


def test_blocks_of_one_height_keep_all_their_transactions(put: Put, judge: Judge) -> None:
    put("fork/a.json", block(5, 50, 1, 2))
    put("fork/b.json", block(5, 60, 3))
    put("fork/c.json", block(6, 61, 4, 5, index=0))
    assert {row["tx"] for row in judge()} == {digest(number) for number in range(1, 6)}


def test_a_case_is_scored_once(put: Put, judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    put("Vault.json", [[1678338000 + 60 * bar, 1, 1, 1, 1, 0] for bar in range(3)])
    put("Another/5.json", {digest(6): [[], []]})
    put("Vault/5.json", {digest(7): [[], []]})
    assert [row["order"] for row in judge()] == ["0", "1", "2", "0"]
    assert "Vault: 1 told in a second place, left out" in capsys.readouterr().err


def test_a_name_that_speaks_of_a_chain_changes_nothing(put: Put, judge: Judge) -> None:
    calls = [[address(2), "0x11223344", "complete", -1, 9, "firstcall", {}]]
    for folder in ("plain", "bsc"):
        for number in range(1, 60):
            moved = [["ether", address(1), address(2), number * 10**15]]
            put(f"{folder}/{number * 10}.json", {digest(number): [calls, moved]})
    rows = judge()
    scores = {
        case: [row["score"] for row in rows if row["case"] == case] for case in ("plain", "bsc")
    }
    assert len(scores["bsc"]) == 59
    assert scores["plain"] == scores["bsc"]


def test_where_it_cannot_write_it_says_so(put: Put, folder: Path) -> None:
    put("good.json", tree())
    with pytest.raises(ConfigurationError, match="cannot be written"):
        score(folder, folder / "absent" / "scores.csv", "core", None)


def test_nothing_to_score_is_said(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge() == []
    assert "nothing to score" in capsys.readouterr().err
