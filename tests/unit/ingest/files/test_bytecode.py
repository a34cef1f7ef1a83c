from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

from eth_hash.auto import keccak

from ingest.files import Code, Item, Unreadable

Put = Callable[..., Path]
Items = Callable[..., list[Item]]

ADDRESS = "0x" + "Ab" * 20
RECORD = {
    "label": "malicious",
    "cls": "attacker_contract",
    "chain": "bsc",
    "address": ADDRESS,
    "tx": "",
    "init_code": "",
    "runtime_code": "0x6001",
}


def named(code: str) -> str:
    return "0x" + keccak(bytes.fromhex(code)).hex()


def test_a_record_is_its_code_and_where_it_was_deployed(put: Put, items: Items) -> None:
    tx = "0x" + "cd" * 32
    put("codes.jsonl.gz", RECORD, RECORD | {"address": "", "tx": tx, "init_code": "0x6002"})
    first, second = (item.body for item in items())
    assert first == Code(named("6001"), ADDRESS.lower(), "", "", "0x6001")
    assert second == Code(named("6001"), "", tx, "0x6002", "0x6001")


def test_creation_code_names_what_has_no_other(put: Put, items: Items) -> None:
    put("codes.jsonl", RECORD | {"runtime_code": "", "init_code": "0x6002"})
    (found,) = items()
    assert isinstance(found.body, Code)
    assert found.body.name == named("6002")


def test_no_label_gets_through(put: Put, items: Items) -> None:
    put("codes.jsonl", RECORD, RECORD | {"label": "benign", "cls": "library"})
    first, second = items()
    assert first == second
    assert {field.name for field in fields(Code)}.isdisjoint({"label", "cls", "source", "note"})


def test_bad_code_is_unreadable_by_line(put: Put, items: Items) -> None:
    put(
        "codes.jsonl",
        RECORD,
        RECORD | {"runtime_code": "0x600"},
        RECORD | {"runtime_code": "0x"},
        RECORD | {"address": "0x12"},
        "{",
    )
    bad = [item.body for item in items() if isinstance(item.body, Unreadable)]
    assert [one.where for one in bad] == ["line 2", "line 3", "line 4", "line 5"]
    assert "runtime_code" in bad[0].reason
    assert "init_code" in bad[1].reason
    assert "address" in bad[2].reason
    assert bad[3].raw == b'"{"'


def test_an_answered_code_is_named_by_the_question(put: Put, items: Items) -> None:
    put(f"web3.eth_getCode_{ADDRESS}_latest.json", {"jsonrpc": "2.0", "result": "0x6001"})
    put(f"web3.eth_getCode_{ADDRESS}_earliest.json", {"jsonrpc": "2.0", "result": "0x"})
    put(f"web3.eth_call_to_{ADDRESS}.json", {"jsonrpc": "2.0", "result": "0x6001"})
    (found,) = items()
    assert found.body == Code(named("6001"), ADDRESS.lower(), "", "", "0x6001")


def test_what_an_exporter_could_not_get_may_be_missing(put: Put, items: Items) -> None:
    put(
        "codes.jsonl",
        {"label": "x", "runtime_code": "6001"},
        {"label": "x", "init_code": "0x6002", "runtime_code": None},
    )
    codes = [item.body for item in items()]
    assert [(code.init_code, code.runtime_code) for code in codes if isinstance(code, Code)] == [
        ("", "0x6001"),
        ("0x6002", ""),
    ]
