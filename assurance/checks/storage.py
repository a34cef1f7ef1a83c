"""Whether the code that an upgrade put in place reads the old code's storage as it was meant."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from eth_utils.crypto import keccak
from msgspec.structs import replace

from assurance.proxies import ADMIN, BEACON, IMPLEMENTATION
from assurance.subject import Known
from assurance.trees import place
from assurance.walk import Walk, walk
from assurance.weakness import Weakness
from schemas.errors import ConfigurationError
from schemas.layouts import SLOT, Layout, clashes

LAYOUT = "storage-layout"
"""The one check that compares codes: what it found holds until the code changes again."""
MOST_UNKNOWN = 3
"""Lines on what could not be compared."""
UPGRADE = "the upgrade's storage"
"""How what could not be compared begins."""

_FAR = 2**128
"""Slots up to here are a compiler's count; those beyond are hashes."""


def _hashed(text: str) -> int:
    return int.from_bytes(keccak(text=text), "big")


_PROXIES = frozenset({
    IMPLEMENTATION, ADMIN, BEACON, _hashed("eip1967.proxy.rollback") - 1, _hashed("PROXIABLE"),
    _hashed("org.zeppelinos.proxy.implementation"), _hashed("org.zeppelinos.proxy.admin"),
})  # fmt: skip
"""Slots of proxies, which mean the same in every code."""

_ARRAYS = tuple(int.from_bytes(keccak(slot.to_bytes(32, "big")), "big") for slot in range(256))
"""Where the elements of arrays begin, whose slot a layout lists."""
_MOST_ELEMENTS = 2**32
_MOST_TOLD = 4
_MOST_PAIRS = 256
"""Of different layouts that a diamond's codes have."""


class Code(NamedTuple):
    """A code that works on the storage."""

    runs: bytes
    known: Known


class Compared(NamedTuple):
    """What became of storage in an upgrade."""

    weaknesses: tuple[Weakness, ...] = ()
    """One with everything that clashes as its evidence, or none."""
    unknown: tuple[str, ...] = ()
    """What could not be compared, and why."""


def upgraded(old: Sequence[Code], new: Sequence[Code]) -> Compared:
    """Return how the codes that run now read what those that ran before kept: one, or those of a
    diamond, which share their storage.

    State variables are compared, of a diamond's as far as two of its codes both have them; and of
    what lies at slots of the codes' own (ERC-7201), every struct that both sides know.
    """
    alone = len(old) == len(new) == 1
    found, trouble = (
        _variables(old[0].known.layout, new[0].known.layout) if alone else _shared(old, new)
    )
    troubles = [trouble]
    clashing, covered, uncompared = _structs(old, new)
    found += clashing
    troubles += [uncompared, apart([walk(code.runs) for code in (*old, *new)], covered)]
    unknown = tuple(f"{UPGRADE}: {one}" for one in troubles if one)
    if not found:
        return Compared((), unknown)
    summary = f"the new code misreads the old code's storage: {found[0]}"
    told = tuple(found)
    return Compared((Weakness(LAYOUT, "critical", summary, told, told),), unknown)


def _structs(old: Sequence[Code], new: Sequence[Code]) -> tuple[list[str], list[range], str]:
    """Return what clashes in structs at slots of the codes' own, the slots of those that were
    compared, and what kept others from it, '' when nothing did."""
    was, now = _namespaces(old), _namespaces(new)
    found = list[str]()
    for name in sorted(was.keys() & now.keys()):
        told = (clash for one in was[name] for other in now[name]
                if one is not None and other is not None
                for clash in clashes(one, other))  # fmt: skip
        found += (f"{name}: {clash}" for clash in dict.fromkeys(told))
    dark = [
        which
        for which, codes in (("old", old), ("new", new))
        if any(code.known.namespaces is None for code in codes)
    ]
    came = {code.runs for code in new} - {code.runs for code in old}
    if not dark and came:
        gone = sorted(was.keys() - now.keys())
        found += (f"{name}, a struct at slots of its own, is gone" for name in gone)
    left = {name for side in (was, now) for name, some in side.items() if None in some}
    left |= was.keys() ^ now.keys() if dark else set()
    covered = [
        _extent(name, one)
        for side in (was, now)
        for name in side.keys() - left
        for one in side[name]
        if one is not None
    ]
    if not left:
        return found, covered, ""
    why = f"no syntax tree of the {' and the '.join(dark)} code is known" if dark else (
        "their members cannot be placed")  # fmt: skip
    named = ", ".join(sorted(left)[:_MOST_TOLD])
    return found, covered, f"{named} (ERC-7201): {why}: not compared"


def _namespaces(codes: Iterable[Code]) -> dict[str, list[Layout | None]]:
    """Return every layout that codes have of a struct at slots of its own, by its name."""
    found: dict[str, list[Layout | None]] = {}
    for code in codes:
        for name, layout in (code.known.namespaces or {}).items():
            if layout not in (layouts := found.setdefault(name, [])):
                layouts.append(layout)
    return found


def _extent(name: str, layout: Layout) -> range:
    """Return the slots of a struct."""
    ends = max((layout.end(one) for one in layout.storage), default=0)
    begin = place(name)
    return range(begin, begin + -(-ends // SLOT))


def apart(walks: Iterable[Walk], covered: Sequence[range] = ()) -> str:
    """Say which slots codes reach that no layout lists, and that are in none of these ranges: those
    that they name themselves. '' when there are none."""
    found: dict[int, int] = {}
    for slot in sorted({slot for one in walks for slot in one.slots if slot >= _FAR} - _PROXIES):
        if any(0 <= slot - start < _MOST_ELEMENTS for start in _ARRAYS):
            continue
        if not any(slot in some for some in covered):
            found.setdefault(slot >> 8, slot)  # the members of a struct lie side by side
    if not found:
        return ""
    told = ", ".join(f"0x{slot:064x}" for slot in [*found.values()][:_MOST_TOLD])
    more = " and more" if len(found) > _MOST_TOLD else ""
    return f"what lies at slots of the code's own (ERC-7201), {told}{more}: not compared"


def _variables(old: Layout | None, new: Layout | None) -> tuple[list[str], str]:
    """Return what clashes, and what kept the two from being compared, '' when nothing did."""
    if old is None or new is None:
        which = "old and the new" if old is new else "old" if old is None else "new"
        return [], f"no layout of the {which} code is known"
    try:
        return list(clashes(*_opened(old, new))), ""
    except ConfigurationError as error:
        return [], str(error)


def _shared(old: Sequence[Code], new: Sequence[Code]) -> tuple[list[str], str]:
    """Return what clashes in the variables that a code of before and one of now both have, and what
    kept some from being compared, '' when nothing did."""
    was, now = _layouts(old), _layouts(new)
    found = dict[str, None]()
    try:
        pairs = [_opened(one, other) for one in was for other in now if one != other]
        for one, other in pairs[:_MOST_PAIRS]:
            end = min(max(map(side.end, side.storage)) for side in (one, other))
            found |= dict.fromkeys(clashes(_until(end, one), _until(end, other)))
    except ConfigurationError as error:
        return list(found), str(error)
    dark = len({code.runs for code in (*old, *new) if code.known.layout is None})
    if len(pairs) > _MOST_PAIRS:
        return list(found), "its codes have too many layouts to compare each"
    return list(found), f"no layout of {dark} of its codes is known" if dark else ""


def _layouts(codes: Iterable[Code]) -> list[Layout]:
    """Return the different layouts of codes that keep anything."""
    found: list[Layout] = []
    for code in codes:
        layout = code.known.layout
        if layout is not None and layout.storage and layout not in found:
            found.append(layout)
    return found


def _opened(old: Layout, new: Layout) -> tuple[Layout, Layout]:
    """Return two layouts; of two that have nothing but a struct, which may grow then at its end,
    those of its members."""
    inside = [
        side.kind(side.storage[0].type).members if len(side.storage) == 1 else ()
        for side in (old, new)
    ]
    if not all(inside) or old.storage[0].start != new.storage[0].start:
        return old, new
    return replace(old, storage=inside[0]), replace(new, storage=inside[1])


def _until(end: int, layout: Layout) -> Layout:
    """Return what of a layout begins before a place, without room that is left for later."""
    kept = (one for one in layout.storage if one.start < end and not layout.is_gap(one))
    return replace(layout, storage=tuple(kept))
