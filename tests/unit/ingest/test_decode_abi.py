"""ABIs that manifests name: hostile until checked."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest.decode import load_abis, read_abi
from ingest.decode.abi import MAX_ABI_BYTES, MAX_ENTRIES
from schemas.errors import ConfigurationError
from schemas.manifest import Contract, Manifest

POOL = "0x" + "c0" * 20


def abi(*entries: dict[str, Any]) -> bytes:
    return json.dumps(entries).encode()


def one(kind: str = "event", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "name": "X", "inputs": []} | fields


def parameter(kind: str, name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "name": name} | fields


def manifest(folder_file: str | None, chain: str = "eip155:1") -> Manifest:
    return Manifest(
        protocol="meadow",
        chain=chain,
        contracts=(Contract(address=POOL, role="pool", abi=folder_file),),
    )


def test_events_and_functions_are_taken_and_all_else_is_passed_over() -> None:
    found = read_abi(
        abi(
            one(inputs=[parameter("uint256", indexed=True)], anonymous=True),
            one("function", name="f", inputs=[parameter("address")], outputs=[]),
            one("constructor"),
            one("error"),
            {"type": "fallback", "stateMutability": "payable"},
        )
    )
    (event,), (function,) = found.events, found.functions
    assert event.anonymous
    assert event.indexed == 1
    assert function.selector == "0xfc68521a"
    assert found.refused == ()


def test_a_compiler_s_artefact_is_taken_as_well() -> None:
    artefact = {"abi": [one()], "bytecode": "0x", "metadata": {"deep": [1]}}
    assert len(read_abi(json.dumps(artefact).encode()).events) == 1


def test_structs_are_read_by_their_components() -> None:
    components = [parameter("uint256", "x"), parameter("bytes", "")]
    (event,) = read_abi(abi(one(inputs=[parameter("tuple[2][]", components=components)]))).events
    assert event.parameters[0].type.name == "(uint256,bytes)[2][]"


def test_a_function_s_parameters_are_never_topics() -> None:
    text = abi(one("function", inputs=[parameter("uint256", indexed=True)]))
    assert read_abi(text).functions[0].indexed == 0


def test_names_that_are_no_identifiers_are_replaced_by_positions() -> None:
    hostile = "a'] + [__import__('os').system('true')] + ['"
    inputs = [parameter("uint256", hostile), parameter("uint256", "n" * 65), parameter("bool", "")]
    (event,) = read_abi(abi(one(inputs=inputs))).events
    assert [part.name for part in event.parameters] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "entry",
    [
        one(inputs=[parameter("uint256[][][]")]),
        one(inputs=[parameter("uint256[1000000000]")]),
        one(inputs=[parameter("tuple")]),
        one(inputs=[parameter("fixed128x18")]),
        one(inputs=[parameter("uint256" + "[]" * 100_000)]),
        one(inputs=[parameter("bool")] * 300),
        one(name="X(uint256)"),
        one(name="n" * 65),
        one(name=""),
    ],
    ids=lambda entry: str(entry)[:60],
)
def test_an_entry_beyond_the_limits_is_left_out_and_named(entry: dict[str, Any]) -> None:
    found = read_abi(abi(entry, one("function", name="f")))
    assert found.events == ()
    assert len(found.refused) == 1
    assert [function.name for function in found.functions] == ["f"]


def test_structs_nested_without_end_are_left_out() -> None:
    inner = parameter("uint256")
    for _ in range(50):
        inner = parameter("tuple", components=[inner])
    assert len(read_abi(abi(one(inputs=[inner]))).refused) == 1


def test_nesting_is_refused_even_where_a_library_has_lifted_the_recursion_limit() -> None:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(ConfigurationError):
            read_abi(b'[{"inputs":[{"type":"tuple","components":' * 50_000)
    finally:
        sys.setrecursionlimit(usual)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b'"abi"',
        b'{"bytecode": "0x"}',
        b'[{"type": "event", "name": 1}]',
        b'\xff\xfe[{"type": "event"}]',
        b"[" * 100_000,
        b'[{"inputs":[{"type":"tuple","components":' * 20_000,
        b" " * (MAX_ABI_BYTES + 1),
        b"[" + b"{}," * MAX_ENTRIES + b"{}]",
    ],
    ids=lambda text: text[:30].decode(errors="replace"),
)
def test_what_is_no_abi_or_too_large_is_refused(text: bytes) -> None:
    with pytest.raises(ConfigurationError):
        read_abi(text)


def test_the_abis_of_a_chain_s_manifests_are_loaded_by_contract(tmp_path: Path) -> None:
    (tmp_path / "pool.json").write_bytes(abi(one()))
    found = load_abis([manifest("pool.json"), manifest(None)], tmp_path, "eip155:1")
    assert list(found) == [POOL]
    assert load_abis([manifest("pool.json", "eip155:56")], tmp_path, "eip155:1") == {}


def test_an_abi_that_is_missing_or_broken_is_named_with_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    for name in ("missing.json", "broken.json"):
        with pytest.raises(ConfigurationError, match=rf"'meadow', contract {POOL}: {name}"):
            load_abis([manifest(name)], tmp_path, "eip155:1")


def test_an_abi_outside_the_manifests_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pool.json").write_bytes(abi(one()))
    (tmp_path / "protocols").mkdir()
    for name in ("../pool.json", str(tmp_path / "pool.json")):
        with pytest.raises(ConfigurationError, match="outside"):
            load_abis([manifest(name)], tmp_path / "protocols", "eip155:1")
