"""The commands that only look: `topics list`, `config show`, `plugins list`."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from schemas.topics import TOPICS


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("FIREBREAK", "KAFKA_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_every_topic_is_listed() -> None:
    table, found = _run("topics", "list"), json.loads(_run("topics", "list", "--json").stdout)

    assert [row["name"] for row in found] == list(TOPICS)
    assert all(name in table.stdout for name in TOPICS)
    alerts = next(row for row in found if row["name"] == "alerts-v1")
    assert alerts["kinds"] == ["alert", "withdrawal"]
    assert (alerts["key"], alerts["partitions"], alerts["retention_hours"]) == ("protocol", 4, 2160)


def test_settings_are_shown_with_where_they_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", "blue.")
    monkeypatch.setenv("FIREBREAK_KAFKA__SASL_PASSWORD", "hunter2")

    table, printed = _run("config", "show"), _run("config", "show", "--json")

    found = {row["name"]: row for row in json.loads(printed.stdout)}
    assert found["kafka.namespace"]["value"] == "blue."
    assert found["kafka.namespace"]["origin"] == "FIREBREAK_KAFKA__NAMESPACE"
    assert found["kafka.sasl_password"]["value"] == "********"
    assert "kafka.namespace" in table.stdout
    assert "hunter2" not in table.stdout + printed.stdout


def test_plugins_are_listed_with_whether_they_may_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_DETECT__ALLOWED", "price-move")

    table, printed = _run("plugins", "list"), _run("plugins", "list", "--json")

    found = {row["name"]: row for row in json.loads(printed.stdout)}
    assert found["price-move"]["allowed"]
    assert not found["asset-outflow"]["allowed"]
    assert found["price-move"]["distribution"] == "firebreak"
    assert "not in detect.allowed" in " ".join(table.stdout.split())
