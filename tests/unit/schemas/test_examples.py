import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.codec import decode_from, encode
from schemas.examples import FOLDER, example
from schemas.published import json_schema
from schemas.topics import TOPICS
from schemas.units import split_account

KINDS = [
    (topic, str(record.__struct_config__.tag))
    for topic, spec in TOPICS.items()
    for record in spec.records
]


def test_every_kind_on_every_topic_has_an_example_and_none_is_orphaned() -> None:
    files = {(path.parent.name, path.stem) for path in FOLDER.rglob("*.json")}

    assert files == set(KINDS)


@pytest.mark.parametrize(("topic", "kind"), KINDS)
def test_an_example_is_read_and_written_back_as_it_was(topic: str, kind: str) -> None:
    told = example(topic, kind)
    spec = TOPICS[topic]

    record = decode_from(spec, json.dumps(told).encode())

    assert record.__struct_config__.tag == kind
    assert json.loads(encode(record, max_bytes=spec.max_bytes)) == told


@pytest.mark.parametrize(("topic", "kind"), KINDS)
def test_an_example_obeys_the_published_schema(topic: str, kind: str) -> None:
    committed = json.loads((FOLDER.parent / "versions" / f"{topic}.json").read_text())

    Draft202012Validator(committed).validate(example(topic, kind))


@pytest.mark.parametrize(("topic", "kind"), KINDS)
def test_the_schema_refuses_an_example_of_the_wrong_kind(topic: str, kind: str) -> None:
    validator = Draft202012Validator(json_schema(TOPICS[topic]))

    assert not validator.is_valid(example(topic, kind) | {"kind": "rumour"})


def test_the_examples_tell_one_story() -> None:
    transaction = example("chain-transactions-v1", "transaction")
    alert = example("alerts-v1", "alert")
    withdrawal = example("alerts-v1", "withdrawal")
    action = example("actions-v1", "action")
    incident = example("incidents-v1", "incident")

    assert (alert["tx"], alert["block_hash"]) == (transaction["tx"], transaction["block_hash"])
    assert _logs_named_as_evidence(alert) <= {log["log"] for log in transaction["logs"]}
    assert withdrawal["block_hash"] == example("chain-blocks-v1", "retraction")["hash"]
    assert example("chain-deployments-v1", "deployment")["address"] == transaction["to"]
    assert (action["alert"], action["incident"]) == (alert["id"], incident["id"])
    assert split_account(action["target"])[1] in {call["to"] for call in transaction["calls"]}
    assert [one["alert"] for one in incident["sightings"]] == [alert["id"], withdrawal["alert"]]
    assert [one["action"] for one in incident["measures"]] == [action["action"]]


def _logs_named_as_evidence(alert: dict[str, Any]) -> set[int]:
    return {
        evidence["log"]
        for vote in alert["votes"]
        for evidence in vote.get("evidence", ())
        if "log" in evidence
    }


def test_examples_are_written_for_people() -> None:
    for path in Path(FOLDER).rglob("*.json"):
        assert path.read_text() == json.dumps(json.loads(path.read_text()), indent=2) + "\n", path
