"""The published contract: a JSON Schema per topic version and the AsyncAPI 3 document.

Both are generated from the record classes and committed, so that people and other languages can
read them. `python -m schemas.published` writes them, and refuses to break a published version.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from schemas.compatibility import breaking_changes
from schemas.topics import SERVICES, TOPICS, TopicSpec

ROOT = Path(__file__).parent
VERSIONS = ROOT / "versions"
EXAMPLES = ROOT / "examples"
ASYNCAPI = ROOT / "asyncapi.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(topic: TopicSpec) -> dict[str, Any]:
    """Return the JSON Schema of the values on one topic."""
    schema = msgspec.json.schema(topic.record_type)
    return {"$schema": _DIALECT, "title": topic.name, "description": topic.doc, **schema}


def asyncapi() -> dict[str, Any]:
    """Return the AsyncAPI 3 document: channels from topics, operations from services."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Firebreak",
            "version": version("firebreak"),
            "description": "What Firebreak's services say to each other over Kafka.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(spec) for name, spec in TOPICS.items()},
        "operations": _operations(),
        "components": {"messages": _messages()},
    }


def _channel(spec: TopicSpec) -> dict[str, Any]:
    kinds = [_kind(record) for record in spec.records]
    return {
        "address": spec.name,
        "description": spec.doc,
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in kinds},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "topicConfiguration": _binding(spec),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _binding(spec: TopicSpec) -> dict[str, Any]:
    settings: dict[str, Any] = {"max.message.bytes": int(spec.config["max.message.bytes"])}
    settings["cleanup.policy"] = [spec.config["cleanup.policy"]]
    if "retention.ms" in spec.config:
        settings["retention.ms"] = int(spec.config["retention.ms"])
    return settings


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for service in SERVICES.values():
        for action, topics in (("receive", service.reads), ("send", service.writes)):
            for topic in topics:
                operations[f"{service.name}.{action}.{topic.name}"] = {
                    "action": action,
                    "summary": service.doc,
                    "channel": {"$ref": f"#/channels/{topic.name}"},
                }
    return operations


def _messages() -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for topic in TOPICS.values():
        for record in topic.records:
            kind = _kind(record)
            if kind in messages:
                continue
            payload = msgspec.json.schema(record)
            messages[kind] = {
                "name": kind,
                "summary": " ".join((record.__doc__ or "").split()),
                "payload": _inlined(payload),
                "examples": [{"name": kind, "payload": example(topic.name, kind)}],
            }
    return messages


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Replace references into `$defs` by what they name: AsyncAPI resolves `#` at its own root."""
    definitions = schema.pop("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rpartition("/")[2]])
            return {key: resolve(value) for key, value in node.items()}
        if isinstance(node, list):
            return [resolve(item) for item in node]
        return node

    resolved: dict[str, Any] = resolve(schema)
    return resolved


def _kind(record: type[msgspec.Struct]) -> str:
    return str(record.__struct_config__.tag)


def example(topic: str, kind: str) -> Any:
    """Return the committed example of one kind of record."""
    return json.loads((EXAMPLES / topic / f"{kind}.json").read_text())


def documents() -> dict[Path, str]:
    """Return every generated file with the text it must have."""
    found = {VERSIONS / f"{name}.json": json_schema(spec) for name, spec in TOPICS.items()}
    found[ASYNCAPI] = asyncapi()
    return {path: json.dumps(value, indent=2) + "\n" for path, value in found.items()}


def write() -> int:
    """Write every generated file; return 1, and write none, if a published version would break."""
    broken = []
    for path, text in documents().items():
        if path != ASYNCAPI and path.exists():
            changes = breaking_changes(json.loads(path.read_text()), json.loads(text))
            broken += [f"{path.stem}: {change}" for change in changes]
    if broken:
        sys.stderr.write("These changes break readers of a published version.\n")
        sys.stderr.write("Give the topic a new version instead (schemas/topics.py):\n")
        sys.stderr.writelines(f"  {line}\n" for line in broken)
        return 1
    for path, text in documents().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(write())
