from hashlib import sha256
from pathlib import Path

import pytest

from runtime.announcement import announce, recorded
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from runtime.service import Service
from runtime.settings import load
from schemas.changes import Configuration
from schemas.codec import decode
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

    (message,) = broker.log(Partition(CHANGES.name, 0))
    told = decode(message.value or b"", Configuration)
    assert (told.service, message.key) == ("respond", b"respond")
    assert told.settings["respond.armed"] == "False"
    assert told.manifests == {"meadow.toml": sha256(b"meadow").hexdigest()}
    for secret in (b"swordfish", b"a-key-of-ours", b"another-key"):
        assert secret not in (message.value or b"")
    assert told.settings["evm.endpoints"] == "https://node.example/…"


def test_where_there_is_no_topic_it_works_all_the_same() -> None:
    broker = MemoryBroker()
    announce(broker, Service("respond"), load())
    assert not recorded(broker, CHANGES)
