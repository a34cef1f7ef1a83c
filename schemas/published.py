"""The published contract: a JSON Schema per topic version and the AsyncAPI 3 document.

Both are generated from the record classes and committed, so that people and other languages can
read them. `python -m schemas.published` writes them, and refuses to break a published version.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from schemas.asyncapi import document, rewritten, tidied
from schemas.compatibility import breaking_changes
from schemas.topics import TOPICS, TopicSpec

ROOT = Path(__file__).parent
VERSIONS = ROOT / "versions"
ASYNCAPI = ROOT / "asyncapi.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(topic: TopicSpec) -> dict[str, Any]:
    """Return the JSON Schema of the values on one topic."""
    schema = rewritten(msgspec.json.schema(topic.record_type), tidied)
    return {"$schema": _DIALECT, "title": topic.name, "description": topic.doc, **schema}


def documents() -> dict[Path, str]:
    """Return every generated file with the text it must have."""
    found = {VERSIONS / f"{name}.json": json_schema(spec) for name, spec in TOPICS.items()}
    found[ASYNCAPI] = document()
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
