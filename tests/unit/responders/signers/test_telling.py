"""With what a signer began: said by it, told by who asks, and by nobody else's leave."""

import json
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from cli.signer import _begun
from responders.signers import client
from responders.signers.telling import tell, tell_aside
from responders.signers.wire import Begun
from runtime.broker import Partition
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.settings import load
from schemas.changes import Configuration
from schemas.codec import decode
from schemas.topics import CHANGES
from tests.unit.responders.signers.conftest import Serve
from tests.unit.responders.signers.test_process import Recording, desk
from tests.waiting import until

SAID = {"type": "begun", "version": "1", "settings": {}, "policy": "ab" * 32}
WORD = "swordfish"


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create([CHANGES])
    return made


def told(broker: MemoryBroker) -> list[Configuration]:
    parts = (Partition(CHANGES.name, number) for number in range(CHANGES.partitions))
    messages = [message for part in parts for message in broker.log(part)]
    assert {message.key for message in messages} <= {b"signer"}
    return [decode(message.value or b"", Configuration) for message in messages]


def test_its_settings_and_policy_are_told_and_no_secret(
    serving: Serve, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_bytes(b"")
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    monkeypatch.setenv("FIREBREAK_SIGNER__KEYSTORE_PASSWORD", WORD)
    monkeypatch.setenv("FIREBREAK_SIGNER__POLICY", str(policy))
    path = serving(desk(key := Recording()), begun=_begun(load(), policy))
    tell(broker, (path, None), SystemClock())
    (said,) = told(broker)
    assert said.service == "signer"
    assert said.settings["signer.policy"] == str(policy)
    assert {name.partition(".")[0] for name in said.settings} == {"signer"}
    assert said.manifests["signer.policy"].startswith("e3b0c44298fc1c149afb"), "of no bytes"
    assert WORD not in str(said)
    assert key.asked == 0


def test_one_that_does_not_say_or_is_away_is_logged_and_keeps_nobody(
    serving: Serve, broker: MemoryBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(broker, (serving(desk(Recording())), tmp_path / "nobody"), SystemClock())
    assert told(broker) == []
    said = capsys.readouterr().out
    assert said.count("signer_not_told") == 2
    assert "does not say with what it began" in said


def test_where_no_topic_takes_it_no_signer_is_asked(tmp_path: Path) -> None:
    tell(MemoryBroker(), (tmp_path / "nobody",), SystemClock())


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"signer.x": "y" * 4097}},
        {"settings": {"respond.armed": "true"}},
        {"settings": {f"signer.{chr(97 + n // 26)}{chr(97 + n % 26)}": "" for n in range(65)}},
        {"settings": {"signer.x": 7}},
        {"policy": "ab"},
        {"version": "1" * 129},
        {"further": 1},
        {"version": "1\n[31m"},
        {"settings": {"signer.x": "\x1b[31m"}},
    ],
)
def test_a_hostile_answer_is_refused_and_said(
    broker: MemoryBroker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
) -> None:
    _answer(tmp_path / "s", json.dumps(SAID | changes).encode())
    tell(broker, (tmp_path / "s",), SystemClock())
    assert "signer_not_told" in capsys.readouterr().out
    assert told(broker) == []


def test_one_that_hangs_is_not_waited_for_longer_than_for_any_answer(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        tell(broker, (tmp_path / "s",), SystemClock())
    assert told(broker) == []


def test_who_begins_to_respond_waits_for_no_signer(
    serving: Serve, broker: MemoryBroker, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_bytes(b"")
    path = serving(desk(Recording()), begun=_begun(load(), policy))
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        tell_aside(broker, (tmp_path / "s", path), SystemClock())
        assert told(broker) == [], "not yet: the silent one is still waited for"
    until(lambda: told(broker))


def _answer(path: Path, body: bytes) -> None:
    """Let somebody give this answer to the first question at a socket."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def attend() -> None:
        with listener, listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(struct.pack(">I", len(body)) + body)

    threading.Thread(target=attend, daemon=True).start()


def test_what_is_said_fits_into_a_frame(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    (tmp_path / "policy.toml").write_bytes(b"x")
    said = _begun(load(), tmp_path / "policy.toml")
    assert isinstance(said, Begun)
    assert len(said.settings) <= 14, "each of 4,096 bytes at most: a frame takes so many"
