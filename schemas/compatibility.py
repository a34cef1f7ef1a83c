"""May a topic version change like this? Pure comparison of two JSON Schemas.

Compatible means both directions at once, because old and new services run side by side during a
deployment and topics are replayed for years: what was written can still be read, and what will be
written can be read by yesterday's reader (which ignores fields it does not know). What is left is
little: a version may gain optional fields, and better words.

`python -m schemas.compatibility REVISION` compares the working tree with a git revision.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError

Schema = dict[str, Any]

_FOR_PEOPLE = frozenset({"$schema", "title", "description", "examples"})
_STRUCTURE = frozenset(
    {"$ref", "$defs", "properties", "required", "items", "prefixItems", "additionalProperties"}
    | {"anyOf", "discriminator"}  # a discriminator only repeats the kinds of the union's members
)


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Name every difference that would break a reader or a stored record; empty when none does."""
    return list(_Comparison(old.get("$defs", {}), new.get("$defs", {})).of(old, new, "$"))


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Walks two schemas side by side; `visited` holds the references on the way down."""

    olds: Schema
    news: Schema
    visited: frozenset[str] = frozenset()

    def of(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        reference = old.get("$ref", "")
        if reference in self.visited:
            return
        below = _Comparison(self.olds, self.news, self.visited | {reference} - {""})
        old, new = _resolved(old, self.olds), _resolved(new, self.news)
        yield from _words(old, new, path)
        yield from below._properties(old, new, path)
        for part in ("items", "additionalProperties"):
            before, after = old.get(part), new.get(part)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from below.of(before, after, f"{path}[]")
            elif before != after:
                yield f"{path}: {part} changed from {before!r} to {after!r}"
        yield from below._tuple(old.get("prefixItems", ()), new.get("prefixItems", ()), path)
        yield from below._union(old, new, path)

    def _properties(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        if ("properties" in old) != ("properties" in new):
            yield f"{path}: named fields and free ones are not the same thing"
            return
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, asked = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - after.keys()):
            yield f"{path}.{name} was removed"
        for name in sorted(asked - needed):
            yield f"{path}.{name} became required"
        for name in sorted((needed - asked) & after.keys()):
            yield f"{path}.{name} is no longer always there"
        for name in sorted(before.keys() & after.keys()):
            yield from self.of(before[name], after[name], f"{path}.{name}")

    def _tuple(self, old: Sequence[Schema], new: Sequence[Schema], path: str) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{path}: its length changed from {len(old)} to {len(new)}"
            return
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from self.of(before, after, f"{path}[{place}]")

    def _union(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        before = {_label(member, self.olds): member for member in old.get("anyOf", ())}
        after = {_label(member, self.news): member for member in new.get("anyOf", ())}
        for label in sorted(before.keys() ^ after.keys()):
            change = "removed from" if label in before else "added to"
            yield f"{path}: {label} was {change} the union"
        for label in sorted(before.keys() & after.keys()):
            yield from self.of(before[label], after[label], f"{path}<{label}>")


def _resolved(node: Schema, definitions: Schema) -> Schema:
    while "$ref" in node:
        node = definitions[node["$ref"].rpartition("/")[2]]
    return node


def _words(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for word in sorted((old.keys() | new.keys()) - _FOR_PEOPLE - _STRUCTURE):
        before, after = old.get(word), new.get(word)
        if word == "enum":
            before, after = sorted(before or (), key=str), sorted(after or (), key=str)
        if before != after:
            yield f"{path}: {word} changed from {before!r} to {after!r}"


def _label(member: Schema, definitions: Schema) -> str:
    """Name a member of a union as a reader tells it apart: by its kind, else by its type."""
    resolved = _resolved(member, definitions)
    kinds = resolved.get("properties", {}).get("kind", {}).get("enum", ())
    return str(kinds[0] if kinds else resolved.get("type") or json.dumps(resolved))


def against(revision: str, folder: Path) -> list[str]:
    """Compare every schema below `folder`, relative to here, with the one at a git revision.

    A schema that the revision does not have is a new topic, which breaks nobody. Raises
    `ConfigurationError` when git does not know the revision.
    """
    found = []
    for name in _git("ls-tree", "-r", "--name-only", revision, "--", folder.as_posix()).split():
        path = Path(name)
        if not path.exists():
            found.append(f"{path.stem}: the schema of a published topic was removed")
            continue
        old, new = json.loads(_git("show", f"{revision}:./{name}")), json.loads(path.read_text())
        found += [f"{path.stem}: {change}" for change in breaking_changes(old, new)]
    return found


def _git(*arguments: str) -> str:
    ran = subprocess.run(  # noqa: S603 - fixed program, arguments from our own CI
        ["git", *arguments],  # noqa: S607 - git is where PATH says
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise ConfigurationError(f"git {' '.join(arguments)}: {ran.stderr.strip()}")
    return ran.stdout


def main(arguments: Sequence[str]) -> int:
    """Print what would break and return 1, or return 0; 2 when the question makes no sense."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m schemas.compatibility REVISION\n")
        return 2
    try:
        changes = against(arguments[0], Path("schemas/versions"))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.writelines(f"{change}\n" for change in changes)
    return 1 if changes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
