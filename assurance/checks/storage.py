"""Whether the code that an upgrade put in place reads the old code's storage as it was meant."""

from collections.abc import Iterable

from eth_utils.crypto import keccak

from assurance.proxies import ADMIN, BEACON, IMPLEMENTATION
from assurance.walk import Walk
from assurance.weakness import Weakness
from schemas.errors import ConfigurationError
from schemas.layouts import Layout, clashes

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


def apart(walks: Iterable[Walk]) -> str:
    """Say which slots codes reach that no layout lists: those that they name themselves, as
    ERC-7201 has it. '' when there are none."""
    found: dict[int, int] = {}
    for slot in sorted({slot for one in walks for slot in one.slots if slot >= _FAR} - _PROXIES):
        if not any(0 <= slot - start < _MOST_ELEMENTS for start in _ARRAYS):
            found.setdefault(slot >> 8, slot)  # the members of a struct lie side by side
    if not found:
        return ""
    told = ", ".join(f"0x{slot:064x}" for slot in [*found.values()][:_MOST_TOLD])
    more = " and more" if len(found) > _MOST_TOLD else ""
    return f"{UPGRADE}: what lies at slots of the code's own (ERC-7201), {told}{more}: not compared"


def compared(old: Layout | None, new: Layout | None) -> tuple[list[Weakness], str]:
    """Return what clashes, as one weakness with every clash as its evidence; and what kept the two
    from being compared, '' when nothing did."""
    if old is None or new is None:
        which = "old and the new" if old is new else "old" if old is None else "new"
        return [], f"{UPGRADE}: no layout of the {which} code is known"
    try:
        found = tuple(clashes(old, new))
    except ConfigurationError as error:
        return [], f"{UPGRADE}: {error}"
    if not found:
        return [], ""
    summary = f"the new code misreads the old code's storage: {found[0]}"
    return [Weakness("storage-layout", "critical", summary, evidence=found)], ""
