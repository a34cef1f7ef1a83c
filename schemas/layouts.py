"""Whether new code behind a proxy reads the old code's storage as it was meant. Pure.

Compares what the compiler says of both (solc's `storageLayout`; `forge inspect C storageLayout
--json`, or a build artefact that has it). Every variable has to be where it was, with its name and
its type all the way down; new ones go behind the last, or into a gap (`__gap`) that ends where it
ended. A struct that only mappings lead to may grow at its end: its values lie far apart.

What this does not see: storage that code reaches by slots of its own (ERC-7201, proxies' own
slots), which solc does not list, and what a migration writes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec

from schemas.errors import ConfigurationError

SLOT = 32
MAX_FILE_BYTES = 64 * 1024 * 1024
"""What is longer is cut off, and then no JSON."""

_LINK = re.compile(r"__.{38}")
"""Where a library's address goes in code that is not linked."""

_SCOPE = re.compile(r"\b(struct|enum|contract) (?:\w+\.)+")
"""The contract that a type is declared in: new code is often the old under another name."""


Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,78}$")]
"""A number as solc writes it: of what a slot or a type's size can be."""


class Variable(msgspec.Struct, frozen=True):
    """A state variable, or a member of a struct."""

    label: str
    slot: Digits
    offset: int
    type: str

    @property
    def start(self) -> int:
        """Where it begins, in bytes."""
        return int(self.slot) * SLOT + self.offset


class Kind(msgspec.Struct, frozen=True, rename={"size": "numberOfBytes"}):
    """A type."""

    encoding: str
    label: str
    size: Digits
    base: str | None = None
    key: str | None = None
    value: str | None = None
    members: tuple[Variable, ...] = ()


class Layout(msgspec.Struct, frozen=True):
    """Where a contract keeps what."""

    storage: tuple[Variable, ...]
    types: dict[str, Kind] | None = None

    def kind(self, name: str) -> Kind:
        """Return a type. Raises `ConfigurationError` for one that is not listed."""
        found = (self.types or {}).get(name)
        if found is None:
            raise ConfigurationError(f"the layout does not say what {name} is")
        return found

    def end(self, variable: Variable) -> int:
        """Return where a variable ends, in bytes."""
        return variable.start + int(self.kind(variable.type).size)

    def is_gap(self, variable: Variable) -> bool:
        """Say whether it only keeps room for later."""
        return variable.label.startswith("__gap") and variable.type.startswith("t_array")


class Build(msgspec.Struct, frozen=True, rename={"storage_layout": "storageLayout"}):
    """A build artefact that has the layout, and maybe the ABI and the code that it deploys."""

    storage_layout: Layout
    abi: tuple[dict[str, Any], ...] = ()
    deployedBytecode: str | dict[str, Any] | None = None  # noqa: N815 - as it is in the file

    @property
    def code(self) -> bytes:
        """What it deploys, libraries' addresses as nought; empty where it does not say."""
        given = self.deployedBytecode
        text = given.get("object") if isinstance(given, dict) else given
        try:
            return bytes.fromhex(_LINK.sub("00" * 20, str(text or "").removeprefix("0x")))
        except ValueError:
            return b""


def read_layout(path: Path) -> Layout:
    """Return a file's layout. Raises `ConfigurationError` when it has none."""
    return read_build(path).storage_layout


def read_build(path: Path) -> Build:
    """Return a file's build: of a file that is a layout, that alone.

    Raises `ConfigurationError` when it has no layout.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES)
        if "storageLayout" in msgspec.json.decode(data, type=dict[str, msgspec.Raw]):
            return msgspec.json.decode(data, type=Build)
        return Build(msgspec.json.decode(data, type=Layout))
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: no storage layout: {error}") from error


def clashes(old: Layout, new: Layout) -> Iterator[str]:
    """Return everything by which the new code would misread or overwrite the old storage.

    A type that differs is told once, at the first variable that has it.
    """
    kept = [one for one in old.storage if not old.is_gap(one)]
    types = _Types(old, new)
    there = {one.start: one for one in new.storage if not new.is_gap(one)}
    for before in kept:
        after = there.get(before.start)
        where = f"slot {before.slot}, byte {before.offset}"
        if after is None:
            moved = next((one for one in there.values() if one.label == before.label), None)
            now = f"moved to slot {moved.slot}, byte {moved.offset}" if moved else "gone"
            yield f"{before.label} at {where} is {now}"
        elif after.label != before.label:
            yield f"{before.label} at {where} is {after.label} now"
        elif found := types.differ(before.type, after.type):
            yield f"{before.label} at {where}: {found}"
    for after in there.values():
        for before in kept:
            overlaps = after.start < old.end(before) and before.start < new.end(after)
            if overlaps and after.start != before.start:
                yield f"{after.label} lies over {before.label}"
    yield from _gaps(old, new)


def added(old: Layout, new: Layout) -> Iterator[str]:
    """Return what is new, for people to read."""
    before = {one.start for one in old.storage if not old.is_gap(one)}
    for one in new.storage:
        if not new.is_gap(one) and one.start not in before:
            kind = new.kind(one.type).label
            yield f"{kind} {one.label} at slot {one.slot}, byte {one.offset}"


def _gaps(old: Layout, new: Layout) -> Iterator[str]:
    """A gap that what is new did not shrink by its own size pushes what comes after."""
    ends = {new.end(one) for one in new.storage if new.is_gap(one)}
    filled = {new.end(one) for one in new.storage}
    for gap in old.storage:
        if not old.is_gap(gap):
            continue
        end = old.end(gap)
        full = any(end - SLOT < one <= end for one in filled)
        if end not in ends and not full:
            yield f"{gap.label} at slot {gap.slot} has to end before slot {end // SLOT}, as it did"


class _Types:
    """Compares types of two layouts; each pair once, so that types that lead back to themselves,
    or to each other many times, come to an end."""

    def __init__(self, old: Layout, new: Layout) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()

    def differ(self, old: str, new: str, *, grows: bool = False) -> str:
        """Say how two types differ, '' if they do not; `grows`: a struct may have more at its end.

        A difference is told where it is met first.
        """
        if (old, new, grows) in self._seen:
            return ""
        self._seen.add((old, new, grows))
        one, other = self._old.kind(old), self._new.kind(new)
        if one.encoding != other.encoding or _plain(one.label) != _plain(other.label):
            return f"{one.label} is {other.label} now"
        if one.members or other.members:
            return self._members(one, other, grows=grows)
        if one.size != other.size:
            return f"{one.label} has {other.size} bytes now, not {one.size}"
        inside = (
            (one.base, other.base, False), (one.key, other.key, False),
            (one.value, other.value, True),
        )  # fmt: skip
        for was, now, may_grow in inside:
            if was and now and (found := self.differ(was, now, grows=may_grow)):
                return found
        return ""

    def _members(self, one: Kind, other: Kind, *, grows: bool) -> str:
        had, has = len(one.members), len(other.members)
        if has < had or (has > had and not grows):
            return f"{one.label} has {has} members now, not {had}"
        for was, now in zip(one.members, other.members, strict=False):
            if (was.label, was.start) != (now.label, now.start):
                return f"{one.label}.{was.label} is {now.label} now"
            if found := self.differ(was.type, now.type):
                return f"{one.label}.{was.label}: {found}"
        return ""


def _plain(label: str) -> str:
    return _SCOPE.sub(r"\1 ", label)
