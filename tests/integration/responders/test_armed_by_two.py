"""An armed responder as its own process: two people arm it, anybody beside its journal stops it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import load_signer
from sandbox.arming import PEOPLE
from schemas.changes import Arming, Intent
from schemas.codec import decode_from
from schemas.topics import AUTHORITY
from tests.integration.responders.serving import (
    PATIENCE,
    Run,
    Setting,
    running,
    until,
)

pytestmark = [pytest.mark.node, pytest.mark.kafka]

Say = Callable[..., str]


@pytest.fixture
def journal(setting: Setting) -> Path:
    """A responder's that nobody armed yet."""
    return setting.folder / "new" / "journal.jsonl"


@pytest.fixture
def say(
    setting: Setting,
    journal: Path,
    monkeypatch: pytest.MonkeyPatch,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
) -> Say:
    """Runs a command beside that journal; returns what it said."""
    monkeypatch.chdir(setting.folder)
    monkeypatch.setenv("FIREBREAK_HOME", str(setting.folder / "home"))
    monkeypatch.setenv("FIREBREAK_RESPOND__JOURNAL", str(journal))
    monkeypatch.setenv("FIREBREAK_RESPOND__ARMING_KEYS", str(setting.people))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)
    broker.create([AUTHORITY])

    def command(*arguments: str) -> str:
        return CliRunner().invoke(app, arguments, catch_exceptions=False).output.strip()

    return command


def test_two_people_arm_it_and_one_word_stops_it_while_it_runs(
    setting: Setting, run: Run, journal: Path, say: Say, broker: KafkaBroker
) -> None:
    ann, bob = (str(setting.people / f"{name}.pem") for name in PEOPLE)
    for _ in range(2):
        assert say("arm", "--key", ann) == "1 more people have to sign"
    refused = run("--armed", FIREBREAK_RESPOND__JOURNAL=str(journal))
    assert refused.wait(PATIENCE) == 2, "one key twice is one person"
    assert "firebreak arm --key" in " ".join(refused.tail().split())
    assert say("arm", "--key", bob) == "armed"

    process = run("--armed", FIREBREAK_RESPOND__JOURNAL=str(journal))
    with running(process):
        until(lambda: "assigned" in process.log.read_text())
        assert say("disarm", "--reason", "a drill") == "disarmed"
        setting.publish(setting.place.alert(1))
        until(lambda: setting.actions.states() == ["proposed", "rehearsed"])
        assert setting.place.pending() == {}

        assert say("arm", "--key", ann) == "1 more people have to sign"
        assert say("arm", "--key", bob) == "armed"
        setting.publish(setting.place.alert(2))
        until(lambda: setting.actions.states()[-1:] == ["broadcast"])

        assert say("disarm") == "disarmed"
        setting.mine_until("final")
    assert setting.place.paused(), "what was sent is followed to its end"
    assert setting.place.sent() == setting.place.began + 1
    assert process.stop() == 0

    said: list[Message] = []
    read_all(broker, Partition(AUTHORITY.name, 0), said.append)
    changes = [decode_from(AUTHORITY, message.value or b"") for message in said]
    by = {load_signer(setting.people / f"{name}.pem").key_id: name for name in PEOPLE}
    told = [
        ("will", one.armed, by.get(one.key, one.reason))
        if isinstance(one, Intent)
        else ("is", one.armed, one.reason)
        for one in changes
        if isinstance(one, Intent | Arming)
    ]
    first, second = PEOPLE
    assert told[:6] == [
        *[("will", True, first)] * 2, ("will", True, second), ("is", True, ""),
        ("will", False, "a drill"), ("is", False, "a drill"),
    ], "whoever turns it says so before it turns"  # fmt: skip
    assert [one for one in told[6:] if one[1]] == [
        ("will", True, first), ("will", True, second), ("is", True, ""),
    ]  # fmt: skip
    assert told[-2:] == [("will", False, ""), ("is", False, "")]
