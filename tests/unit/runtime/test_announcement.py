from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from runtime.announcement import announce, beginning, recorded
from runtime.broker import Partition
from runtime.logs import MASK, looks_secret
from runtime.memory import MemoryBroker
from runtime.service import Service
from runtime.settings import load
from schemas.changes import MAX_MANIFEST, Configuration
from schemas.codec import decode, encode
from schemas.manifest import Manifest
from schemas.topics import CHANGES


def test_a_service_tells_with_what_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA__SASL_PASSWORD", "swordfish")
    monkeypatch.setenv("FIREBREAK_EVM__ENDPOINTS", "https://node.example/v3/a-key-of-ours")
    monkeypatch.setenv("FIREBREAK_RESPOND__RELAY", "https://relay.example/another-key")
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(tmp_path))
    (tmp_path / "meadow.toml").write_bytes(b"meadow")
    broker = MemoryBroker()
    broker.create([CHANGES])

    announce(broker, Service("respond"), load())

    message, further = broker.log(Partition(CHANGES.name, 0))
    told = decode(message.value or b"", Configuration)
    assert (told.service, message.key) == ("respond", b"respond")
    assert told.settings["respond.armed"] == "False"
    assert told.manifests == {"meadow.toml": sha256(b"meadow").hexdigest()}
    for secret in (b"swordfish", b"a-key-of-ours", b"another-key"):
        assert secret not in (message.value or b"")
    assert told.settings["evm.endpoints"] == "https://node.example/…"
    text = decode(further.value or b"", Configuration)
    assert (text.service, text.time, further.key) == (told.service, told.time, message.key)
    assert text.manifests == told.manifests
    assert [text.manifest] == list(told.manifests.values())
    assert (text.text, text.whole) == ("meadow", True)


def test_a_manifest_that_changes_meanwhile_is_told_with_the_hash_of_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(tmp_path))
    (tmp_path / "meadow.toml").touch()
    settings, reads = load(), count(1)
    monkeypatch.setattr(Path, "read_bytes", lambda _: b"%d" % next(reads))
    configuration, text = beginning("respond", settings, 1)
    assert text.text == "1"
    assert configuration.manifests == text.manifests == {"meadow.toml": sha256(b"1").hexdigest()}


def test_where_there_is_no_topic_it_works_all_the_same() -> None:
    broker = MemoryBroker()
    announce(broker, Service("respond"), load())
    assert not recorded(broker, CHANGES)


def told(folder: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> Configuration:
    """Return what is told of a manifest of these bytes, which fits into a record."""
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(folder))
    (folder / "meadow.toml").write_bytes(data)
    _, text = beginning("respond", load(), 1)
    assert decode(encode(text), Configuration) == text
    assert text.manifest == sha256(data).hexdigest()
    return text


def test_the_shipped_manifest_is_told_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = (Path(__file__).parents[3] / "protocols" / "meadow.toml").read_bytes()
    text = told(tmp_path, shipped, monkeypatch)
    assert text.whole
    assert text.text.encode() == shipped


@pytest.mark.parametrize(
    "line",
    [
        'explorer = "https://user:swordfish@chain.example"',
        "# node: wss://node.example/v3/swordfish",
        "# api_key = 'swordfish'",
        'password = "swordfish, or so"',
        '[more]\nx = { protocol = "meadow", "private-key" : "swordfish" }',
        "# authorization: Bearer swordfish\r",
    ],
)
def test_what_looks_like_a_secret_in_a_manifest_is_masked_and_said_to_be(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told(tmp_path, f"a = 1\n{line}\nb = 2\n".encode(), monkeypatch)
    assert "swordfish" not in text.text
    assert MASK in text.text or "node.example/…" in text.text or "//chain.example" in text.text
    assert text.text.startswith("a = 1\n")
    assert text.text.endswith("\nb = 2\n")
    assert not text.whole


@pytest.mark.parametrize(
    "data", [b"\x01" * (MAX_MANIFEST + 1), b"\xff\xfe\x00", b"\xf0" * 2_000_000]
)
def test_a_manifest_that_is_huge_or_no_text_is_told_in_part(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = told(tmp_path, data, monkeypatch)
    assert not text.whole
    assert len(text.text) <= MAX_MANIFEST


def test_a_manifest_has_no_place_for_a_secret() -> None:
    def fields(schema: Any) -> Iterator[str]:
        if isinstance(schema, dict):
            yield from schema.get("properties", ())
            for value in schema.values():
                yield from fields(value)

    names = set(fields(Manifest.model_json_schema()))
    assert len(names) > 50
    assert [name for name in names if looks_secret(name)] == []
