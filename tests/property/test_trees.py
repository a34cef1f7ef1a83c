"""Whatever syntax trees say: what they declare is laid out, or has no layout."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.trees import Trees
from tests.unit.assurance.test_trees import UINT, a, array, declared, sources, struct, value

numbers = st.integers(10, 14)
plain = st.sampled_from(["uint256", "uint8", "string"]) | st.sampled_from(["bytes0", "x"])
lengths = st.sampled_from(["[0]", "[1]", "[2]", f"[{2**256}]", "[" + "9" * 77 + "]", "[]", ""])


def _mapping(key: dict[str, Any], to: dict[str, Any]) -> dict[str, Any]:
    return {"nodeType": "Mapping", "id": 92, "keyType": key, "valueType": to}


kinds = st.recursive(
    st.builds(lambda label: UINT | {"typeDescriptions": {"typeString": label}}, plain)
    | st.builds(a, numbers),
    lambda inner: (
        st.builds(array, inner, st.builds("t{}".format, lengths))
        | st.builds(_mapping, inner, inner)
    ),
    max_leaves=4,
)
members = st.lists(st.builds(declared, st.integers(100, 110), kinds), min_size=1, max_size=2)
structs = st.builds(
    lambda number, inside: struct(number, *inside, name=f"n{number}"), numbers, members
)
nodes = st.lists(structs | st.builds(value, numbers, kinds), min_size=1, max_size=5)


@settings(max_examples=400, deadline=None)
@given(nodes)
def test_any_tree_has_a_layout_or_none(given_nodes: list[dict[str, Any]]) -> None:
    trees = Trees(sources(*given_nodes))
    found = trees.namespaces("Ledger.sol", "Ledger", b"")
    assert found is not None
    for layout in found.values():
        ends = [] if layout is None else [layout.end(one) for one in layout.storage]
        assert ends == sorted(ends)
