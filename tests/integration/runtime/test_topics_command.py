"""`firebreak topics` against a real broker."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.kafka import KafkaBroker
from schemas.topics import TOPICS

pytestmark = pytest.mark.kafka


@pytest.fixture(autouse=True)
def settings(bootstrap: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA__BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["topics", *arguments], catch_exceptions=False)


def test_topics_are_created_once_and_then_as_they_should_be(broker: KafkaBroker) -> None:
    before = _run("check")
    assert before.exit_code == 1
    assert before.stdout.splitlines() == [f"{name} does not exist" for name in TOPICS]

    assert json.loads(_run("create", "--json").stdout) == {"created": list(TOPICS)}
    assert json.loads(_run("create", "--json").stdout) == {"created": []}
    assert _run("create").stdout == "every topic was there\n"

    after = _run("check", "--json")
    assert (after.exit_code, json.loads(after.stdout)) == (0, {"differences": []})
    assert {name: broker.partitions(name) for name in TOPICS} == {
        name: spec.partitions for name, spec in TOPICS.items()
    }


def test_a_topic_that_somebody_else_made_differs(broker: KafkaBroker) -> None:
    broker.create([dataclasses.replace(TOPICS["alerts-v1"], partitions=7, retention_hours=1)])
    _run("create")

    found = _run("check")

    assert found.exit_code == 1
    assert found.stdout.splitlines() == [
        "alerts-v1 has 7 partitions, expected 4",
        "alerts-v1: retention.ms is 3600000, expected 7776000000",
    ]
