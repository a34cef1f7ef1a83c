"""Syntax trees that no compiler writes: nothing is made of them, and nothing breaks."""

from typing import Any

import pytest

from assurance.trees import MOST_TYPES, Trees, place

NAME = "meadow.storage.Ledger"
UINT = {
    "nodeType": "ElementaryTypeName", "id": 90, "typeDescriptions": {"typeString": "uint256"},
}  # fmt: skip


def declared(number: int, kind: dict[str, Any]) -> dict[str, Any]:
    return {"nodeType": "VariableDeclaration", "id": number, "name": f"m{number}", "typeName": kind}


def a(struct: int) -> dict[str, Any]:
    return {"nodeType": "UserDefinedTypeName", "id": struct + 500, "referencedDeclaration": struct}


def array(kind: dict[str, Any], label: str) -> dict[str, Any]:
    return {
        "nodeType": "ArrayTypeName", "id": 91, "baseType": kind, "length": {},
        "typeDescriptions": {"typeString": label},
    }  # fmt: skip


def struct(number: int, *members: dict[str, Any], name: str = "") -> dict[str, Any]:
    said = {"text": f"@custom:storage-location erc7201:{name}"} if name else None
    return {
        "nodeType": "StructDefinition", "id": number, "name": f"S{number}",
        "documentation": said, "members": members,
    }  # fmt: skip


def value(number: int, under: dict[str, Any]) -> dict[str, Any]:
    return {
        "nodeType": "UserDefinedValueTypeDefinition", "id": number, "name": f"V{number}",
        "underlyingType": under,
    }  # fmt: skip


def sources(*nodes: dict[str, Any], bases: tuple[int, ...] = (1,)) -> dict[str, Any]:
    contract = {
        "nodeType": "ContractDefinition", "id": 1, "name": "Ledger", "contractKind": "contract",
        "linearizedBaseContracts": bases, "nodes": nodes,
    }  # fmt: skip
    unit = {"nodeType": "SourceUnit", "id": 2, "nodes": [contract]}
    return {"Ledger.sol": {"ast": unit}}


LOOP = struct(10, declared(11, a(10)), name=NAME)
CHAIN = [struct(n, declared(n + 5_000, a(n + 1))) for n in range(20, 3_000)]


@pytest.mark.parametrize(
    "nodes",
    [
        [LOOP],
        [struct(10, declared(11, a(77)), name=NAME)],
        [struct(10, declared(11, array(UINT, "uint256[" + "9" * 5_000 + "]")), name=NAME)],
        [struct(10, declared(11, array(a(10), "struct S[2]")), name=NAME)],
        [struct(10, declared(11, UINT | {"nodeType": "Literal"}), name=NAME)],
        [struct(10, declared(11, UINT | {"typeDescriptions": {}}), name=NAME)],
        [struct(10, declared(11, UINT), name=NAME), struct(12, declared(13, UINT), name=NAME)],
        [struct(10, declared(11, a(20)), name=NAME), *CHAIN],
        [struct(10, declared(11, array(array(UINT, "uint256[0]"), "uint256[0][2]")), name=NAME)],
        [struct(10, declared(11, array(a(12), "struct S[2]")), name=NAME), struct(12)],
        [struct(10, declared(11, a(12)), name=NAME), value(12, a(10))],
        [struct(10, declared(11, a(12)), name=NAME), value(12, a(12))],
    ],
    ids=[
        "itself", "nowhere", "endless", "of itself", "no type", "no name", "two", "deep",
        "of nothing", "of empty ones", "a value of itself", "a value of the value",
    ],
)  # fmt: skip
def test_a_struct_that_cannot_be_placed_has_no_layout(nodes: list[dict[str, Any]]) -> None:
    assert Trees(sources(*nodes)).namespaces("Ledger.sol", "Ledger", b"") == {NAME: None}


def test_types_that_few_bytes_make_many_come_to_an_end() -> None:
    wide = struct(10, *(declared(n, a(12)) for n in range(20, 2_020)))
    many = [struct(n, declared(1, a(10)), name=f"n{n}") for n in range(3_000, 4_000)]
    given = Trees(sources(wide, value(12, UINT), *many)).namespaces("Ledger.sol", "Ledger", b"")
    assert given is not None
    placed = [layout is not None for layout in given.values()]
    assert 400 < sum(placed) <= MOST_TYPES / 2_000
    assert placed == sorted(placed, reverse=True)


def test_a_struct_that_leads_back_to_itself_through_a_mapping_is_placed() -> None:
    book = {"nodeType": "Mapping", "id": 92, "keyType": UINT, "valueType": a(10),
            "typeDescriptions": {"typeString": "mapping(uint256 => struct S10)"}}  # fmt: skip
    one = struct(10, declared(11, book), declared(12, UINT), name=NAME)
    layout = (Trees(sources(one)).namespaces("Ledger.sol", "Ledger", b"") or {})[NAME]
    assert layout is not None
    assert [one.start for one in layout.storage] == [0, 32]


@pytest.mark.parametrize(
    "given",
    [None, [], {"Ledger.sol": None}, {"Ledger.sol": {"ast": {"nodeType": 1}}},
     sources(bases=(1, 404))],
    ids=["nothing", "a list", "no tree", "no node", "a base that is not there"],
)  # fmt: skip
def test_what_is_no_tree_says_nothing(given: Any) -> None:
    trees = Trees(given)
    assert trees.namespaces("Ledger.sol", "Ledger", b"") is None
    assert trees.layout("Ledger.sol", "Ledger") is None


def test_the_standards_own_example_lies_where_it_says() -> None:
    said = "183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500"
    assert place("example.main") == int(said, 16)
