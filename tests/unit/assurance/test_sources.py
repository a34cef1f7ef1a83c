"""Whether source is known whose code this is: artefacts of a folder, a service, neither."""

import json
from pathlib import Path

import httpx
import pytest

from assurance.artefacts import MAX_FILE_BYTES, Shelf, beside, read, signatures
from assurance.sources import Sources
from assurance.sourcify import Sourcify
from runtime.bytecode import same
from schemas.errors import ConfigurationError, TransientError

CHAIN, AT = "eip155:1", "0x" + "aa" * 20
BARE = bytes.fromhex("7f" + "00" * 32 + "73" + "00" * 20 + "60ff5b00")
"""An immutable and a library's address, both still open."""


def metadata(byte: str) -> bytes:
    return bytes.fromhex("a26469706673582212" + "20" + byte * 32 + "64736f6c63430008240033")


def filled(code: bytes) -> bytes:
    return code.replace(bytes(32), b"\x11" * 32).replace(bytes(20), b"\x22" * 20)


def folder(tmp_path: Path, content: object, name: str = "Pool.json") -> Shelf:
    (tmp_path / "deep").mkdir(exist_ok=True)
    (tmp_path / "deep" / name).write_text(json.dumps(content))
    return read(tmp_path)


TEXT = "0x" + (BARE + metadata("aa")).hex()
ABI: list[dict[str, object]] = [
    {"type": "function", "name": "pause", "inputs": []},
    {"type": "event", "name": "Paused"},
]
SOLC = {"abi": ABI, "evm": {"deployedBytecode": {"object": TEXT[2:]}}}


@pytest.mark.parametrize(
    "content",
    [
        {"contractName": "Pool", "abi": ABI, "deployedBytecode": TEXT},
        {"abi": ABI, "deployedBytecode": {"object": TEXT}},
        {"contracts": {"a.sol": {"Pool": SOLC}}},
        {"output": {"contracts": {"a.sol": {"Pool": SOLC}}}},
    ],
    ids=["hardhat", "foundry", "solc", "build-info"],
)  # fmt: skip
def test_artefacts_of_every_kind_are_read(content: object, tmp_path: Path) -> None:
    source, built = folder(tmp_path, content).find(filled(BARE + metadata("aa")))
    assert source == "exact"
    assert built is not None
    assert built.name == "Pool"
    assert built.known.signatures == {0x8456CB59: "pause()"}


def test_code_is_compared_apart_from_metadata_and_what_is_open(tmp_path: Path) -> None:
    shelf = folder(tmp_path, {"deployedBytecode": TEXT})
    assert shelf.find(filled(BARE) + metadata("bb"))[0] == "apart from metadata"
    assert shelf.find(filled(BARE))[0] == "apart from metadata"
    changed = filled(BARE).replace(b"\x60\xff", b"\x60\xfe")
    assert shelf.find(changed + metadata("aa"))[0] == "absent"
    assert shelf.find(filled(BARE) + b"\x00" + metadata("aa"))[0] == "absent"


def test_only_what_is_zero_in_the_artefact_is_open() -> None:
    fixed = b"\x7f" + b"\x01" * 32
    assert same(fixed, fixed)
    assert not same(fixed, b"\x7f" + b"\x02" * 32)
    assert not same(b"\x60\x00", b"\x60\x01")


def test_a_placeholder_of_a_library_is_open(tmp_path: Path) -> None:
    text = "0x73" + "__$" + "c" * 34 + "$__" + "00"
    shelf = folder(tmp_path, {"deployedBytecode": text})
    assert shelf.find(bytes.fromhex("73" + "22" * 20 + "00"))[0] == "exact"


@pytest.mark.parametrize(
    "content",
    [[], "x", 5, {"deployedBytecode": "0xzz"}, {"deployedBytecode": 7}, {"contracts": {"a": 3}},
     {"deployedBytecode": "0x"}, {"deployedBytecode": "0x00", "abi": [3], "storageLayout": 5}],
)  # fmt: skip
def test_what_is_no_artefact_is_left_out(content: object, tmp_path: Path) -> None:
    assert folder(tmp_path, content).find(filled(BARE)) == ("absent", None)


def test_a_broken_file_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_bytes(b"{" * 100_000)
    shelf = folder(tmp_path, {"deployedBytecode": TEXT})
    assert shelf.find(filled(BARE))[0] == "apart from metadata"
    assert MAX_FILE_BYTES < 2**30
    with pytest.raises(ConfigurationError, match="no folder of build artefacts"):
        read(tmp_path / "nowhere")


def test_a_manifest_names_nothing_that_is_not_beside_it(tmp_path: Path) -> None:
    assert beside(tmp_path, "a/b") == (tmp_path / "a" / "b").resolve()
    for elsewhere in ("../x", "/etc"):
        with pytest.raises(ConfigurationError, match="outside the manifests' folder"):
            beside(tmp_path, elsewhere)


def test_functions_are_named_by_an_abi_alone(tmp_path: Path) -> None:
    path = tmp_path / "abi.json"
    for content in (ABI, {"abi": ABI}):
        path.write_text(json.dumps(content))
        assert signatures(path) == {0x8456CB59: "pause()"}
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="no JSON ABI"):
        signatures(path)


def service(status: int, content: object) -> Sourcify:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"/server/v2/contract/1/{AT}"
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return httpx.Response(status, content=body)

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Sourcify("https://sources.example/server/", client)


@pytest.mark.parametrize(
    ("status", "content", "source"),
    [
        (200, {"runtimeMatch": "exact_match", "abi": ABI}, "exact"),
        (200, {"runtimeMatch": "match"}, "apart from metadata"),
        (200, {"runtimeMatch": None, "creationMatch": "match"}, "absent"),
        (404, {"runtimeMatch": None}, "absent"),
    ],
)
def test_a_service_tells_whether_source_is_verified(
    status: int, content: object, source: str
) -> None:
    assert service(status, content).ask(CHAIN, AT).source == source


@pytest.mark.parametrize(("status", "content"), [(500, {}), (200, b"<html>"), (200, [])])
def test_a_service_that_gives_no_answer_is_not_believed(status: int, content: object) -> None:
    asked = service(status, content)
    with pytest.raises(TransientError):
        asked.ask(CHAIN, AT)
    verdict, trouble = Sources(CHAIN, None, asked).look(AT, b"\0")
    assert verdict.source == "not asked"
    assert trouble


def test_nobody_to_ask_is_not_the_same_as_absent(tmp_path: Path) -> None:
    assert Sources(CHAIN, None).look(AT, b"\0")[0].source == "not asked"
    shelf = folder(tmp_path, {"deployedBytecode": TEXT})
    assert Sources(CHAIN, shelf).look(AT, b"\0")[0].source == "absent"
    both = Sources(CHAIN, shelf, service(200, {"runtimeMatch": "match"}))
    assert both.look(AT, b"\0")[0].source == "apart from metadata"


def test_a_service_that_gives_no_answer_is_asked_once_in_a_look_and_again_in_the_next() -> None:
    asked = []

    def hang(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ReadTimeout("no answer")

    client = httpx.Client(transport=httpx.MockTransport(hang))
    sources = Sources(CHAIN, None, Sourcify("https://sources.example/", client))
    first = sources.afresh()
    told = [first.look(AT, b"\0") for _ in range(129)]
    assert len(asked) == 1
    assert {(verdict.source, bool(trouble)) for verdict, trouble in told} == {("not asked", True)}
    sources.afresh().look(AT, b"\0")
    assert len(asked) == 2
