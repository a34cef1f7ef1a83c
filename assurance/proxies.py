"""Whose code a contract runs: read from its own code and storage, not from what it says.

What a proxy delegates to by default is where its code leads when no function is found: a fixed
address (EIP-1167), the word in a slot (EIP-1967, EIP-1822, Safe and older ones), or what a beacon
answers. A diamond looks a function's address up; its loupe says which (`assurance.facets`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from eth_utils.crypto import keccak

from assurance.chain import NOBODY, Chain, address, asked, number
from assurance.facets import cut
from assurance.selectors import calldata
from assurance.values import Term
from assurance.walk import Walk, walk
from schemas.assurance import Proxy


def _slot(name: str) -> int:
    return int.from_bytes(keccak(text=name), "big") - 1


IMPLEMENTATION = _slot("eip1967.proxy.implementation")
ADMIN = _slot("eip1967.proxy.admin")
BEACON = _slot("eip1967.proxy.beacon")


@dataclass(frozen=True, slots=True)
class Proxied:
    """Whose code a contract runs, and what decides it."""

    kind: Proxy
    implementation: str | None = None
    admin: str | None = None
    beacon: str | None = None
    facets: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Of a diamond: the functions that lead to each facet, which stand in front of no other code
    than that of its default."""
    trouble: str = ""
    """What kept from knowing all facets, '' if nothing did."""

    def runs(self, home: str, function: int) -> str:
        """Return whose code runs for a function of the contract that this is about."""
        for facet, functions in self.facets.items():
            if function in functions:
                return facet
        return self.implementation or home


def resolved(chain: Chain, contract: str) -> Proxied:
    """Return whose code a contract runs. Raises `TransientError` when no node answers."""
    found = _behind(chain, contract)
    default = walk(chain.code(found.implementation or contract))
    if not _looks_up(default):
        return found
    facets, trouble = cut(chain, contract)
    kind = "other" if facets and found.kind == "none" else found.kind
    return replace(found, kind=kind, facets=facets, trouble=trouble if default.complete else "")


def _looks_up(found: Walk) -> bool:
    """Say whether code delegates by default to an address that it works out."""
    return any(
        act.kind == "delegate call"
        and act.function is None
        and not isinstance(act.target, int)
        and not (isinstance(act.target, Term) and act.target.detail is not None)
        for act in found.acts
    )


def _behind(chain: Chain, contract: str) -> Proxied:
    """Return whose code a contract runs by default."""
    beacon = address(chain.word(contract, BEACON))
    if beacon is not None:
        answer = asked(chain, beacon, calldata("implementation()"), NOBODY)
        return Proxied("beacon", address(number(answer)), beacon=beacon)
    slots, fixed = _defaults(walk(chain.code(contract)))
    if IMPLEMENTATION in slots:
        admin = address(chain.word(contract, ADMIN))
        code = address(chain.word(contract, IMPLEMENTATION))
        return Proxied("uups" if admin is None else "transparent", code, admin)
    for slot in sorted(slots):
        code = address(chain.word(contract, slot))
        if code is not None and chain.code(code):
            return Proxied("other", code)
    for code in sorted(fixed):
        if chain.code(code):
            return Proxied("fixed", code)
    return Proxied("none")


def default_slots(code: bytes) -> set[int]:
    """Return the slots whose word code delegates to by default."""
    return _defaults(walk(code))[0]


def _defaults(found: Walk) -> tuple[set[int], set[str]]:
    """Return the slots and the fixed addresses that the code delegates to by default."""
    slots, fixed = set[int](), set[str]()
    for act in found.acts:
        if act.kind != "delegate call" or act.function is not None:
            continue
        target = act.target
        if isinstance(target, Term) and target.kind == "storage" and target.detail is not None:
            slots.add(target.detail)
        elif isinstance(target, int) and (told := address(target)):
            fixed.add(told)
    return slots, fixed
