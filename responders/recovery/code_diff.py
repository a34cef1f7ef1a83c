"""What an upgrade changes, told to those who are to sign it. Pure.

Which code becomes which, the functions that come and go, and those that mean something else.
Functions are read from the deployed code itself; names come from the plan's build artefacts. Where
a build says what code it deploys, the code on chain has to be that: an artefact cannot speak for
other code.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from runtime.bytecode import offered, same, without_metadata
from runtime.calldata import selector
from schemas.layouts import Build

_MOST_TOLD = 40
"""Functions that are named one by one."""


@dataclass(frozen=True, slots=True)
class Implementation:
    """Code behind a proxy, with what the plan's artefact says of it."""

    address: str
    code: bytes
    build: Build

    @property
    def words(self) -> str:
        """Return what names it."""
        return f"{self.address}, {len(self.code)} bytes, keccak256 0x{keccak(self.code).hex()}"

    @property
    def is_build(self) -> bool | None:
        """Return whether the code on chain is the artefact's, metadata aside; None where the
        artefact has no code."""
        built = self.build.code
        if not built:
            return None
        return same(without_metadata(built), without_metadata(self.code))


def told(old: Implementation, new: Implementation) -> Iterator[str]:
    """Say how the implementations differ."""
    yield f"old code: {old.words}; {_build(old)}"
    yield f"new code: {new.words}; {_build(new)}"
    before, after = _functions(old), _functions(new)
    had, has = offered(old.code), offered(new.code)
    yield f"functions that go: {_named(had - has, before)}"
    yield f"functions that come: {_named(has - had, after)}"
    for number in sorted(had & has):
        was, now = before.get(number), after.get(number)
        if was is not None and now is not None and was != now:
            yield f"function that changes: {was} becomes {now}"


def _build(one: Implementation) -> str:
    found = one.is_build
    if found is None:
        return "the plan names no build of it"
    return "it is the build that the plan names" if found else "it is NOT the build that is named"


def _functions(one: Implementation) -> Mapping[int, str]:
    """Return an ABI's functions by selector, with what they give and whether they may write."""
    found = {}
    for entry in one.build.abi:
        if entry.get("type") == "function":
            takes, gives = _types(entry.get("inputs")), _types(entry.get("outputs"))
            signature = f"{entry.get('name')}({takes})"
            words = f"{signature} {entry.get('stateMutability', '')} returns ({gives})"
            found[int(selector(signature), 16)] = words.replace(" returns ()", "").strip()
    return found


def _types(given: object) -> str:
    return ",".join(map(_type, given)) if isinstance(given, list) else ""


def _type(given: object, depth: int = 0) -> str:
    if not isinstance(given, dict):
        return ""
    kind = str(given.get("type", ""))
    inside = given.get("components")
    if not kind.startswith("tuple") or not isinstance(inside, list) or depth > _DEEPEST:
        return kind
    return f"({','.join(_type(one, depth + 1) for one in inside)}){kind.removeprefix('tuple')}"


_DEEPEST = 4


def _named(selectors: Iterable[int], names: Mapping[int, str]) -> str:
    found = [names.get(number, f"0x{number:08x} (not in the ABI)") for number in sorted(selectors)]
    more = f" and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
    return (", ".join(found[:_MOST_TOLD]) or "none") + more
