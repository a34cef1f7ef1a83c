"""The AsyncAPI 3 document: channels from topics, operations from services, messages from kinds."""

from collections.abc import Callable
from importlib.metadata import version
from inspect import cleandoc
from typing import Any

import msgspec

from schemas import headers
from schemas.examples import example
from schemas.services import SERVICES
from schemas.topics import TOPICS, TopicSpec

_HEADERS = {
    headers.RECORD_ID: "The record's id, in text.",
    headers.STEP: "Of a chain's records: the number of the step they belong to, in decimal text.",
    headers.TERM: "Of a chain's records: the chain (CAIP-2), a space, and its publisher's term.",
    headers.CHAIN: "Signed records: the chain they are about (CAIP-2), to pass over others'.",
    headers.KEY_ID: "Signed records: which key signed, in text.",
    headers.SEQUENCE: "Signed records: where in the chain it belongs, in decimal text.",
    headers.EXPIRES: "Signed records: the last block at which it counts, in decimal text.",
    headers.SIGNATURE: "Signed records: the 64 bytes of the signature.",
} | {
    f"{headers.HOP}{hop}": f"When its origin was {hop}: nanoseconds since 1970, in decimal text."
    for hop in headers.HOPS
}


def document() -> dict[str, Any]:
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
        "components": {"messages": _messages(), "messageTraits": {"carried": _carried()}},
    }


def _channel(spec: TopicSpec) -> dict[str, Any]:
    kinds = [_kind(record) for record in spec.records]
    return {
        "address": spec.name,
        "description": f"{spec.doc} {_keyed(spec)}",
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


def _keyed(spec: TopicSpec) -> str:
    markers = "; block and retraction markers go to every partition" if spec.marked else ""
    return f"Keyed by {spec.key}{markers}."


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
            messages[kind] = {
                "name": kind,
                "summary": " ".join((record.__doc__ or "").split()),
                "payload": _inlined(msgspec.json.schema(record)),
                "examples": [{"name": kind, "payload": example(topic.name, kind)}],
                "traits": [{"$ref": "#/components/messageTraits/carried"}],
            }
    return messages


def _carried() -> dict[str, Any]:
    fields = {name: {"type": "string", "description": text} for name, text in _HEADERS.items()}
    return {"headers": {"type": "object", "properties": fields}}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Say the same in AsyncAPI's own dialect, which is JSON Schema draft 7.

    References into `$defs` give way to what they name, because AsyncAPI resolves `#` at its own
    root; what 2020-12 calls `prefixItems` was `items` then.
    """
    definitions = schema.pop("$defs", {})

    def step(node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in node:
            return step(definitions[node["$ref"].rpartition("/")[2]])
        if "prefixItems" in node:
            node = node | {"items": node["prefixItems"], "additionalItems": node["items"]}
            del node["prefixItems"]
        return tidied(node)

    inlined: dict[str, Any] = rewritten(schema, step)
    return inlined


def tidied(node: dict[str, Any]) -> dict[str, Any]:
    """Return the object with its description free of a docstring's indentation."""
    text = node.get("description")
    return node | {"description": cleandoc(text)} if isinstance(text, str) else node


def rewritten(node: Any, step: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Return the tree with `step` taken at each of its objects, from the root down."""
    if isinstance(node, dict):
        return {key: rewritten(value, step) for key, value in step(node).items()}
    return [rewritten(item, step) for item in node] if isinstance(node, list) else node


def _kind(record: type[msgspec.Struct]) -> str:
    return str(record.__struct_config__.tag)
