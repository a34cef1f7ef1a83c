"""May a topic version change like this? Pure comparison of two JSON Schemas.

Compatible means both directions at once, because old and new services run side by side during a
deployment and topics are replayed for years: what was written can still be read, and what will be
written can be read by yesterday's reader (which ignores fields it does not know).
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

_UPPER_BOUNDS = ("maximum", "maxLength", "maxItems")
_LOWER_BOUNDS = ("minimum", "minLength", "minItems")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Name every difference that would break a reader or a stored record; empty when none does."""
    return list(_compare(old, new, _Scope(old), _Scope(new), "$", frozenset()))


class _Scope:
    def __init__(self, root: Schema) -> None:
        self.definitions: dict[str, Schema] = root.get("$defs", {})

    def resolve(self, node: Schema) -> Schema:
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node
        return self.resolve(self.definitions.get(reference.rpartition("/")[2], {}))


def _compare(
    old: Schema, new: Schema, olds: _Scope, news: _Scope, path: str, seen: frozenset[str]
) -> Iterator[str]:
    reference = str(old.get("$ref", ""))
    if reference and reference in seen:
        return
    seen = seen | {reference} if reference else seen
    old, new = olds.resolve(old), news.resolve(new)
    yield from _compare_shape(old, new, path)
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{path}.{name} was removed"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{path}.{name} became required"
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        yield f"{path}.{name} is no longer always there"
    for name in before.keys() & after.keys():
        yield from _compare(before[name], after[name], olds, news, f"{path}.{name}", seen)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), dict) and isinstance(new.get(part), dict):
            yield from _compare(old[part], new[part], olds, news, f"{path}[]", seen)
    yield from _compare_unions(old, new, olds, news, path, seen)


def _compare_shape(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in ("type", "pattern", "format", "const", "default"):
        if old.get(word) != new.get(word):
            yield f"{path}: {word} changed from {old.get(word)!r} to {new.get(word)!r}"
    if set(map(str, old.get("enum", ()))) != set(map(str, new.get("enum", ()))):
        yield f"{path}: the allowed values changed"
    for word in _UPPER_BOUNDS + _LOWER_BOUNDS:
        if old.get(word) != new.get(word):
            yield f"{path}: {word} changed from {old.get(word)!r} to {new.get(word)!r}"


def _compare_unions(
    old: Schema, new: Schema, olds: _Scope, news: _Scope, path: str, seen: frozenset[str]
) -> Iterator[str]:
    before = {_label(member, olds): member for member in old.get("anyOf", ())}
    after = {_label(member, news): member for member in new.get("anyOf", ())}
    for label in before.keys() ^ after.keys():
        yield f"{path}: {label} was {'removed from' if label in before else 'added to'} the union"
    for label in before.keys() & after.keys():
        yield from _compare(before[label], after[label], olds, news, f"{path}<{label}>", seen)


def _label(member: Schema, scope: _Scope) -> str:
    resolved = scope.resolve(member)
    return str(resolved.get("title") or resolved.get("type") or json.dumps(resolved))


def against(revision: str, folder: Path) -> list[str]:
    """Compare every committed schema in `folder` with the one at a git revision."""
    names = _git("ls-tree", "--name-only", f"{revision}:{folder.as_posix()}").split()
    found = []
    for name in names:
        old = json.loads(_git("show", f"{revision}:{folder.as_posix()}/{name}"))
        path = folder / name
        if not path.exists():
            found.append(f"{name}: the schema of a published topic was removed")
            continue
        found += [
            f"{name}: {change}" for change in breaking_changes(old, json.loads(path.read_text()))
        ]
    return found


def _git(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603 - fixed program, arguments from our own CI
        ["git", *arguments],  # noqa: S607 - git is where PATH says
        check=True,
        capture_output=True,
        text=True,
    ).stdout


if __name__ == "__main__":
    changes = against(sys.argv[1], Path("schemas/versions"))
    sys.stderr.writelines(f"{change}\n" for change in changes)
    sys.exit(1 if changes else 0)
