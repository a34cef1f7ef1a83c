"""What contracts keep where, as the syntax trees of a compiler's output have it. Pure.

solc's `storageLayout` lists state variables alone. What code keeps at slots of its own is a struct
that says so (ERC-7201: `@custom:storage-location erc7201:NAME`; solc keeps what is said of structs
since 0.8.20); its members lie from the slot on that the name gives, packed as state variables are.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
from eth_utils.crypto import keccak

from assurance.packing import Kinds, Node, Words
from schemas.errors import ConfigurationError
from schemas.layouts import SLOT, Layout

MOST_TYPES = 1_000_000
"""That are met while the contracts of one compilation are laid out; what is left then has no
layout. Each takes microseconds."""

_PLACED = re.compile(r"@custom:storage-location\s+erc7201:(\S+)")


def place(namespace: str) -> int:
    """Return the slot that ERC-7201 gives a name."""
    inner = int.from_bytes(keccak(text=namespace), "big") - 1
    return int.from_bytes(keccak((inner % 2**256).to_bytes(SLOT, "big")), "big") & ~0xFF


class Trees:
    """The files of one compilation."""

    def __init__(self, sources: Any) -> None:
        """Take `sources` of a compiler's output; what is no tree is left out."""
        self._files: dict[str, Node] = {}
        self._left = MOST_TYPES
        for name, source in sources.items() if isinstance(sources, dict) else ():
            tree = source.get("ast") if isinstance(source, dict) else None
            try:
                self._files[name] = msgspec.convert(tree, Node)
            except (msgspec.ValidationError, RecursionError):
                continue

    @cached_property
    def _units(self) -> Mapping[int, Node]:
        return {unit.id: unit for unit in self._files.values()}

    @cached_property
    def _declared(self) -> Mapping[int, Node]:
        """Contracts, and the types that are declared in them and beside them."""
        found = {}
        for unit in self._files.values():
            for one in unit.nodes:
                found[one.id] = one
                if one.node_type == "ContractDefinition":
                    found |= {inside.id: inside for inside in one.nodes}
        return found

    def layout(self, file: str, contract: str) -> Layout | None:
        """Return where a contract keeps its state variables, None where its trees do not say."""
        bases = self._bases(file, contract)
        if bases is None or any(one.storage_layout is not None for one in bases):
            return None
        kept = [
            one
            for base in reversed(bases)
            for one in base.nodes
            if one.node_type == "VariableDeclaration"
            and not one.constant
            and one.mutability == "mutable"
            and one.storage_location != "transient"
        ]
        return self._laid_out(kept)

    def namespaces(
        self, file: str, contract: str, code: bytes
    ) -> Mapping[str, Layout | None] | None:
        """Return by name what a contract keeps at slots of its own; None where its trees do not
        say. A library that its file imports is asked as well, and counts where the deployed code
        names the slot. A name that stands for two structs, or whose members cannot be placed, has
        no layout."""
        bases = self._bases(file, contract)
        if bases is None:
            return None
        own = [one for base in bases for one in _structs(base)]
        lent = [
            (name, struct)
            for library in self._libraries(self._files[file])
            for name, struct in _structs(library)
            if place(name).to_bytes(SLOT, "big")[:-1] in code
        ]
        structs: dict[str, set[int]] = {}
        for name, struct in [*own, *lent]:
            structs.setdefault(name, set()).add(struct.id)
        return {
            name: self._laid_out(struct.members) if len(structs[name]) == 1 else None
            for name, struct in dict([*own, *lent]).items()
        }

    def _bases(self, file: str, contract: str) -> list[Node] | None:
        """Return a contract and all that it is made of, itself first."""
        unit = self._files.get(file)
        for one in unit.nodes if unit is not None else ():
            if one.node_type == "ContractDefinition" and one.name == contract:
                bases = [self._declared.get(base) for base in one.linearized_base_contracts]
                whole = [base for base in bases if base is not None]
                return whole if len(whole) == len(bases) else None
        return None

    def _libraries(self, unit: Node) -> Iterator[Node]:
        """Return the libraries of a file and of all that it imports."""
        waiting, seen = [unit], {unit.id}
        while waiting:
            for one in waiting.pop().nodes:
                if one.node_type == "ContractDefinition" and one.contract_kind == "library":
                    yield one
                there = None if one.source_unit is None else self._units.get(one.source_unit)
                if there is not None and there.id not in seen:
                    seen.add(there.id)
                    waiting.append(there)

    def _laid_out(self, variables: Iterable[Node]) -> Layout | None:
        kinds = Kinds(self._declared, self._left)
        try:
            return Layout(kinds.placed(variables)[0], kinds.found)
        except (ConfigurationError, LookupError, ArithmeticError, ValueError, RecursionError):
            return None
        finally:
            self._left = kinds.left


def _structs(contract: Node) -> Iterator[tuple[str, Node]]:
    """Return the structs of a contract that say where they are kept."""
    for one in contract.nodes:
        if one.node_type == "StructDefinition" and isinstance(one.documentation, Words):
            said = _PLACED.search(one.documentation.text)
            if said is not None:
                yield said[1], one
