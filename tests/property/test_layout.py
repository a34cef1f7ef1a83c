"""Whatever moves, changes its type or is pushed by new variables is found; room is used freely."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.layouts import Kind, Layout, Variable, added, clashes

SIZES = {"t_uint256": 32, "t_address": 20, "t_bool": 1, "t_uint128": 16, "t_bytes4": 4}
GAP = 10


def kind(label: str, size: int, **more: object) -> Kind:
    fields = {"encoding": "inplace", "label": label, "numberOfBytes": str(size)} | more
    return msgspec.convert(fields, type=Kind)


def layout(*variables: tuple[str, str], gap: int = 0) -> Layout:
    """Lay variables out as solc does, then a gap of so many slots."""
    placed, at = [], 0
    for label, name in variables:
        size = SIZES[name]
        if at % 32 + size > 32:
            at += 32 - at % 32
        placed.append(Variable(label, str(at // 32), at % 32, name))
        at += size
    kinds = {name: kind(name[2:], size) for name, size in SIZES.items()}
    if gap:
        slot = -(-at // 32)
        name = f"t_array(t_uint256){gap}_storage"
        placed.append(Variable("__gap", str(slot), 0, name))
        kinds[name] = kind(f"uint256[{gap}]", 32 * gap, base="t_uint256")
    return Layout(tuple(placed), kinds)


NAMES = st.sampled_from(sorted(SIZES))
VARIABLES = st.lists(NAMES, min_size=1, max_size=12).map(
    lambda types: [(f"v{place}", name) for place, name in enumerate(types)]
)
WHOLE = ("w", "t_uint256")


@given(VARIABLES, VARIABLES)
def test_what_is_added_behind_is_no_clash(
    old: list[tuple[str, str]], more: list[tuple[str, str]]
) -> None:
    new = [*old, *((f"n{label}", name) for label, name in more)]
    assert list(clashes(layout(*old), layout(*new))) == []
    assert len(list(added(layout(*old), layout(*new)))) == len(more)


@given(VARIABLES, st.data())
def test_what_changes_places_types_or_names_or_goes_is_a_clash(
    old: list[tuple[str, str]], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(old) - 1))
    label, name = old[place]
    other = data.draw(NAMES.filter(lambda found: found != name))
    changed = [
        [*old[:place], ("x", name), *old[place + 1 :]],
        [*old[:place], (label, other), *old[place + 1 :]],
        [*old[:place], ("x", "t_uint256"), *old[place:]],
        [*old[:place], *old[place + 1 :]],
    ]
    shuffled = old[:]
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    if shuffled != old:
        changed.append(shuffled)
    for new in changed:
        assert list(clashes(layout(*old), layout(*new))) != []


@given(VARIABLES, st.integers(1, GAP - 1))
def test_a_gap_takes_what_it_gives_up(old: list[tuple[str, str]], taken: int) -> None:
    old = [*old, WHOLE]
    new = [*old, *((f"n{number}", "t_uint256") for number in range(taken))]
    before = layout(*old, gap=GAP)
    assert list(clashes(before, layout(*new, gap=GAP - taken))) == []
    for wrong in {GAP, GAP - taken + 1, max(1, GAP - taken - 1)} - {GAP - taken}:
        (found,) = clashes(before, layout(*new, gap=wrong))
        assert "__gap" in found


def nested(*members: tuple[str, str], within: str = "mapping", owner: str = "A") -> Layout:
    """A struct in a mapping or an array."""
    inner = layout(*members)
    size = 32 * (1 + max(int(one.slot) for one in inner.storage))
    struct = kind(f"struct {owner}.S", size)
    struct = msgspec.structs.replace(struct, members=inner.storage)
    outer = (
        kind(f"mapping(address => struct {owner}.S)", 32, encoding="mapping", key="t_address",
             value="s")
        if within == "mapping"
        else kind(f"struct {owner}.S[]", 32, encoding="dynamic_array", base="s")
    )  # fmt: skip
    kinds = (inner.types or {}) | {"s": struct, "m": outer}
    return Layout((Variable("book", "0", 0, "m"),), kinds)


def test_a_struct_may_grow_only_where_its_values_lie_apart() -> None:
    one, two = ("a", "t_uint256"), ("b", "t_address")
    assert list(clashes(nested(one), nested(one, two))) == []
    assert list(clashes(nested(one), nested(one, owner="B"))) == []
    (found,) = clashes(nested(one, within="array"), nested(one, two, within="array"))
    assert "2 members now, not 1" in found
    (found,) = clashes(nested(one, two), nested(two, one))
    assert "S.a is b now" in found
    (found,) = clashes(nested(one), nested(("a", "t_bool")))
    assert "uint256 is bool now" in found


@pytest.mark.timeout(10)
def test_types_that_lead_back_to_themselves_come_to_an_end() -> None:
    members = tuple(Variable(f"m{n}", str(n), 0, "t_self") for n in range(20))
    own = msgspec.structs.replace(kind("struct A.Self", 640), members=members)
    made = Layout((Variable("v", "0", 0, "t_self"),), {"t_self": own})
    assert list(clashes(made, made)) == []
