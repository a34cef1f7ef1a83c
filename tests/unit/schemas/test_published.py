import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import (
    Draft7Validator,
    Draft202012Validator,
)

from sandbox.fetch import npm_package
from schemas import headers, published
from schemas.topics import TOPICS


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(published.ASYNCAPI.read_text())
    return document


def test_what_is_committed_is_what_the_records_say() -> None:
    for path, text in published.documents().items():
        assert path.read_text() == text, f"run python -m schemas.published: {path.name} is stale"


def test_no_schema_is_left_of_a_topic_that_is_gone() -> None:
    assert {path.stem for path in published.VERSIONS.iterdir()} == set(TOPICS)


@pytest.mark.parametrize("name", TOPICS)
def test_a_schema_is_a_valid_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(published.json_schema(TOPICS[name]))


def test_the_asyncapi_document_obeys_the_official_schema(
    cache: Path, asyncapi: dict[str, Any]
) -> None:
    package = npm_package(cache, "@asyncapi/specs", lambda _line: None)
    official = json.loads((package / "schemas" / "3.0.0.json").read_text())

    errors = [error.json_path for error in Draft7Validator(official).iter_errors(asyncapi)]

    assert errors == []


def test_every_message_of_the_asyncapi_document_fits_its_own_example(
    asyncapi: dict[str, Any],
) -> None:
    for message in asyncapi["components"]["messages"].values():
        for told in message["examples"]:
            Draft7Validator(message["payload"]).validate(told["payload"])


def test_every_reference_of_the_asyncapi_document_leads_somewhere(
    asyncapi: dict[str, Any],
) -> None:
    for reference in _references(asyncapi):
        node: Any = asyncapi
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return here + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    return []


def test_the_document_says_how_each_topic_is_keyed(asyncapi: dict[str, Any]) -> None:
    for name, spec in TOPICS.items():
        assert f"Keyed by {spec.key}" in asyncapi["channels"][name]["description"]


def test_every_header_that_travels_is_described(asyncapi: dict[str, Any]) -> None:
    named = {
        value for name, value in vars(headers).items() if name.isupper() and isinstance(value, str)
    }
    travelling = named - {headers.HOP} | {headers.HOP + hop for hop in headers.HOPS}

    described = asyncapi["components"]["messageTraits"]["carried"]["headers"]["properties"]

    assert set(described) == travelling


def test_readers_in_other_languages_are_told_which_kind_is_which() -> None:
    schema = published.json_schema(TOPICS["chain-transactions-v1"])

    assert schema["discriminator"]["propertyName"] == "kind"
    assert set(schema["discriminator"]["mapping"]) == {
        "transaction", "block", "retraction", "deployment", "price", "pending",
    }  # fmt: skip
    for kind, reference in schema["discriminator"]["mapping"].items():
        member = schema["$defs"][reference.rpartition("/")[2]]
        assert member["properties"]["kind"] == {"enum": [kind]}
        assert "kind" in member["required"]


def test_bytes_say_that_they_are_base64() -> None:
    fields = published.json_schema(TOPICS["dead-letters-v1"])["$defs"]["DeadLetter"]["properties"]
    text = {"type": "string", "contentEncoding": "base64"}

    assert fields["value"]["anyOf"] == [text, {"type": "null"}]
    assert fields["headers"]["items"]["prefixItems"][1]["anyOf"] == [text, {"type": "null"}]
    assert msgspec.json.decode(b'"AP8="', type=bytes) == b"\x00\xff"


def test_a_published_version_is_not_broken_by_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(published, "VERSIONS", tmp_path / "versions")
    monkeypatch.setattr(published, "ASYNCAPI", tmp_path / "asyncapi.json")
    assert published.write() == 0
    path = tmp_path / "versions" / "alerts-v1.json"
    older = json.loads(path.read_text())
    older["$defs"]["Alert"]["properties"]["mood"] = {"type": "string"}
    path.write_text(json.dumps(older))

    assert published.write() == 1

    assert json.loads(path.read_text()) == older
    assert "alerts-v1: $<alert>.mood was removed" in capsys.readouterr().err


def test_a_compacted_topic_is_published_without_a_time_limit(asyncapi: dict[str, Any]) -> None:
    settings = {
        name: channel["bindings"]["kafka"]["topicConfiguration"]
        for name, channel in asyncapi["channels"].items()
    }

    assert settings["incidents-v1"]["cleanup.policy"] == ["compact"]
    assert "retention.ms" not in settings["incidents-v1"]
    assert settings["alerts-v1"]["cleanup.policy"] == ["delete"]
    assert settings["alerts-v1"]["retention.ms"] == 90 * 24 * 3_600_000
