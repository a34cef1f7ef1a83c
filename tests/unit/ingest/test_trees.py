"""Both shapes of call trees become the same frames."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.raw import RawFrame
from ingest.trees import MAX_FRAMES, calltracer_frames, parity_frames
from schemas.errors import PoisonRecordError

A, B, C, D = ("0x" + pair * 20 for pair in ("aa", "bb", "cc", "dd"))

TREE: dict[str, Any] = {
    "type": "CALL", "from": A, "to": B, "value": "0x5", "input": "0x12345678", "output": "0x01",
    "calls": [
        {"type": "DELEGATECALL", "from": B, "to": C, "input": "0x12345678", "output": "0x"},
        {"type": "STATICCALL", "from": B, "to": D, "input": "0x", "error": "reverted",
         "output": "0x08c379a0"},
        {"type": "CREATE2", "from": B, "to": D, "value": "0x1", "input": "0x60", "output": "0x6001",
         "calls": [{"type": "SELFDESTRUCT", "from": D, "to": A, "value": "0x9", "input": "0x"}]},
        {"type": "CREATE", "from": B, "value": "0x0", "input": "0x60", "error": "out of gas"},
    ],
}  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {"type": "call", "traceAddress": [], "result": {"output": "0x01"},
     "action": {"callType": "call", "from": A, "to": B, "value": "0x5", "input": "0x12345678"}},
    {"type": "call", "traceAddress": [0], "result": {"output": "0x"},
     "action": {"callType": "delegatecall", "from": B, "to": C, "value": "0x0",
                "input": "0x12345678"}},
    {"type": "call", "traceAddress": [1], "error": "Reverted", "result": None,
     "action": {"callType": "staticcall", "from": B, "to": D, "value": "0x0", "input": "0x"}},
    {"type": "create", "traceAddress": [2], "result": {"address": D, "code": "0x6001"},
     "action": {"from": B, "value": "0x1", "init": "0x60", "creationMethod": "create2"}},
    {"type": "suicide", "traceAddress": [2, 0], "result": None,
     "action": {"address": D, "refundAddress": A, "balance": "0x9"}},
    {"type": "create", "traceAddress": [3], "error": "Out of gas",
     "action": {"from": B, "value": "0x0", "init": "0x60"}},
    {"type": "reward", "action": {"author": A}},
]  # fmt: skip
FRAMES = [
    RawFrame(0, "call", A, B, 5, "0x12345678", "0x01", ok=True),
    RawFrame(1, "delegatecall", B, C, 0, "0x12345678", "0x", ok=True),
    RawFrame(1, "staticcall", B, D, 0, "0x", "", ok=False),
    RawFrame(1, "create", B, D, 1, "0x60", "0x6001", ok=True),
    RawFrame(2, "destroy", D, A, 9, "0x", "", ok=True),
    RawFrame(1, "create", B, "", 0, "0x60", "", ok=False),
]


def test_a_tree_is_flattened_in_the_order_of_execution() -> None:
    assert calltracer_frames(TREE) == FRAMES


def test_rows_give_the_same_frames() -> None:
    assert parity_frames(ROWS) == FRAMES


@given(st.permutations(ROWS))
def test_the_order_of_rows_does_not_matter(rows: list[dict[str, Any]]) -> None:
    assert parity_frames(rows) == parity_frames(ROWS)


def test_rows_written_with_underscores_are_read_as_well() -> None:
    rows = [{"trace_address" if k == "traceAddress" else k: v for k, v in r.items()} for r in ROWS]
    assert parity_frames(rows) == parity_frames(ROWS)


def test_an_exporters_word_for_no_output_is_no_output() -> None:
    assert calltracer_frames({**TREE, "output": "None", "calls": []})[0].output == ""


def test_a_tree_as_deep_as_a_call_stack_is_flattened() -> None:
    tree: dict[str, Any] = {"type": "CALL", "from": A, "to": B}
    for _ in range(1_024):
        tree = {"type": "CALL", "from": A, "to": B, "calls": [tree]}
    assert [frame.depth for frame in calltracer_frames(tree)] == list(range(1_025))


def test_a_tree_without_end_is_refused() -> None:
    leaf = {"type": "CALL", "from": A, "to": B}
    with pytest.raises(PoisonRecordError, match="frames"):
        calltracer_frames({**leaf, "calls": [leaf] * MAX_FRAMES})
    with pytest.raises(PoisonRecordError, match="frames"):
        parity_frames([ROWS[0]] * (MAX_FRAMES + 1))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"from": None}, "from"),
        ({"to": "0x12"}, "to"),
        ({"value": "1_2"}, "value"),
        ({"input": "0x1"}, "input"),
        ({"output": 7}, "output"),
        ({"type": "JUMP"}, "jump"),
        ({"calls": {}}, "calls"),
        ({"calls": [None]}, "frame"),
    ],
)
def test_what_cannot_be_read_in_a_tree_is_named(change: dict[str, Any], named: str) -> None:
    if change == {"calls": {}}:
        change = {"calls": {"0": 1}}
    with pytest.raises(PoisonRecordError, match=named):
        calltracer_frames({**TREE, **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"action": None}, "action"),
        ({"result": [1]}, "result"),
        ({"type": "jump"}, "jump"),
        ({"type": None}, "None"),
        ({"traceAddress": "0"}, "traceAddress"),
        ({"traceAddress": [-1]}, "traceAddress"),
        ({"traceAddress": [True]}, "traceAddress"),
        ({"action": {"callType": ["call"], "from": A, "to": B}}, "type of call"),
    ],
)
def test_what_cannot_be_read_in_a_row_is_named(change: dict[str, Any], named: str) -> None:
    rows = deepcopy(ROWS)
    rows[0] |= change
    with pytest.raises(PoisonRecordError, match=named):
        parity_frames(rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([A, "0x1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "action", "from", "to", "calls", "traceAddress", "result"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["type", "from", "to", "calls", "value", "output"]), JSON))
def test_no_tree_raises_anything_else(tree: dict[str, Any]) -> None:
    with suppress(PoisonRecordError):
        calltracer_frames(json.loads(json.dumps(tree)))


@given(st.lists(st.dictionaries(st.sampled_from(["type", "action", "traceAddress"]), JSON)))
def test_no_row_raises_anything_else(rows: list[dict[str, Any]]) -> None:
    with suppress(PoisonRecordError):
        parity_frames(rows)
