"""Where variables lie, one declared after the other, as Solidity packs them: worked out from the
syntax trees of its compiler. Pure.

A variable begins a slot where it would not fit into what is left of the last one; structs and
arrays of a fixed length always do, and so does what comes after them.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from schemas.errors import ConfigurationError
from schemas.layouts import SLOT, Kind, Variable

_WHERE = re.compile(r" (?:storage|memory|calldata)(?: ref| pointer)?$")
_COUNT = re.compile(r"\[(\d{1,77})\]$")
_PLAIN = re.compile(r"(?:u?int|bytes)(\d{1,3})")
_ADDRESS = 20
_BYTE = 256
"""Values of an enum that fit into a byte."""


class _Said(msgspec.Struct, frozen=True, rename="camel"):
    type_string: str | None = None


class Words(msgspec.Struct, frozen=True):
    """What a comment says."""

    text: str = ""


class Node(msgspec.Struct, frozen=True, rename="camel"):
    """What is needed of a tree: declarations and types, no function's inside."""

    node_type: str
    id: int
    name: str = ""
    documentation: Words | str | None = None
    nodes: tuple["Node", ...] = ()
    members: tuple["Node", ...] = ()
    contract_kind: str = ""
    linearized_base_contracts: tuple[int, ...] = ()
    storage_layout: Any = None
    """Where a contract says itself from which slot it keeps its variables."""
    source_unit: int | None = None
    """The file that is imported."""
    constant: bool = False
    mutability: str = "mutable"
    storage_location: str = "default"
    type_name: "Node | None" = None
    type_descriptions: _Said = _Said()
    referenced_declaration: int | None = None
    underlying_type: "Node | None" = None
    base_type: "Node | None" = None
    key_type: "Node | None" = None
    value_type: "Node | None" = None
    length: Any = None
    visibility: str = ""


class Kinds:
    """The types that are met, as solc lists them with a layout."""

    def __init__(self, declared: Mapping[int, Node], most: int) -> None:
        """`most` bounds how often a type is met, which a tree of few bytes can make many."""
        self._declared = declared
        self.left = most
        self._begun: set[str] = set()
        self.found: dict[str, Kind] = {}

    def placed(self, variables: Iterable[Node]) -> tuple[tuple[Variable, ...], int]:
        """Return where variables lie that are declared one after the other, and where the last
        one's slot ends. Raises `ConfigurationError` for what has no place."""
        found, at = [], 0
        for one in variables:
            name = self._name(one.type_name)
            kind = self.found.get(name)
            if kind is None:
                raise ConfigurationError(f"{one.name} holds what it is a part of")
            size = int(kind.size)
            alone = kind.encoding == "inplace" and (kind.members or kind.base is not None)
            if alone or at % SLOT + size > SLOT:
                at = _whole(at)
            found.append(Variable(one.name, str(at // SLOT), at % SLOT, name))
            at += size
        return tuple(found), _whole(at)

    def _name(self, node: Node | None) -> str:
        """Return what a type is called here, now that it is listed: but for a struct that it is
        met in, which is listed when its members are."""
        if node is None:
            raise ConfigurationError("a type is missing")
        self.left -= 1
        if self.left < 0:
            raise ConfigurationError("there are too many types to place")
        if node.node_type == "UserDefinedTypeName":
            return self._declared_name(node)
        label = _WHERE.sub("", node.type_descriptions.type_string or "")
        match node.node_type:
            case "ElementaryTypeName":
                return self._listed(f"t_{label}", *_elementary(label))
            case "FunctionTypeName":
                width = 24 if node.visibility == "external" else 8
                return self._listed(f"t_function_{node.id}", "inplace", label, width)
            case "Mapping":
                key, value = self._name(node.key_type), self._name(node.value_type)
                name = f"t_mapping_{node.id}"
                self.found[name] = Kind("mapping", label, str(SLOT), key=key, value=value)
                return name
            case "ArrayTypeName":
                return self._array(node, label)
        raise ConfigurationError(f"{node.node_type} is no type that is known")

    def _listed(
        self, name: str, encoding: Literal["inplace", "bytes"], label: str, size: int
    ) -> str:
        self.found[name] = Kind(encoding, label, str(size))
        return name

    def _array(self, node: Node, label: str) -> str:
        name, base = f"t_array_{node.id}", self._name(node.base_type)
        if node.length is None:
            self.found[name] = Kind("dynamic_array", label, str(SLOT), base=base)
            return name
        count, kind = _COUNT.search(label), self.found.get(base)
        if count is None or kind is None:
            raise ConfigurationError(f"how long {label} is cannot be told")
        size, many = int(kind.size), int(count[1])
        if not size or not many:
            raise ConfigurationError(f"{label} takes no room")
        slots = -(-many // (SLOT // size)) if size <= SLOT else many * (size // SLOT)
        self.found[name] = Kind("inplace", label, str(slots * SLOT), base=base)
        return name

    def _declared_name(self, node: Node) -> str:
        told = node.referenced_declaration
        declared = None if told is None else self._declared.get(told)
        if declared is None:
            raise ConfigurationError("a type is declared nowhere")
        label = _WHERE.sub("", node.type_descriptions.type_string or declared.name)
        name = f"t_declared_{declared.id}"
        if name in self.found:
            return name
        match declared.node_type:
            case "StructDefinition":
                if name not in self._begun:
                    self._begun.add(name)
                    members, size = self.placed(declared.members)
                    self.found[name] = Kind("inplace", label, str(size), members=members)
                return name
            case "EnumDefinition":
                width = 1 if len(declared.members) <= _BYTE else 2
                return self._listed(name, "inplace", label, width)
            case "ContractDefinition":
                return self._listed(name, "inplace", label, _ADDRESS)
            case "UserDefinedValueTypeDefinition":
                under = self.found.get(self._name(declared.underlying_type))
                if under is None:
                    raise ConfigurationError(f"{label} stands for what it is a part of")
                return self._listed(name, "inplace", label, int(under.size))
        raise ConfigurationError(f"{declared.node_type} is no type that is known")


def _elementary(label: str) -> tuple[Literal["inplace", "bytes"], str, int]:
    if label in ("string", "bytes"):
        return "bytes", label, SLOT
    if label in ("address", "address payable", "bool"):
        return "inplace", label, 1 if label == "bool" else _ADDRESS
    sized = _PLAIN.fullmatch(label)
    width = int(sized[1]) // (1 if label.startswith("bytes") else 8) if sized is not None else 0
    if not 0 < width <= SLOT:
        raise ConfigurationError(f"how large {label} is cannot be told")
    return "inplace", label, width


def _whole(at: int) -> int:
    """Return the next slot's begin."""
    return -(-at // SLOT) * SLOT
