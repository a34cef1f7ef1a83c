"""What is read from a node's JSON, hostile JSON among it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.cases.transactions import Movement, read_frames, read_transaction
from schemas.units import NATIVE

A, B, C, TOKEN = (f"0x{number:040x}" for number in range(0xA1, 0xA5))
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
DEPOSIT = "0xe1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c"
WITHDRAWAL = "0x7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65"
NOBODY = "0x" + "0" * 40


def log(topic: str, *parties: str, amount: int = 5) -> dict[str, Any]:
    topics = [topic, *("0x" + party[2:].rjust(64, "0") for party in parties)]
    return {"address": TOKEN, "topics": topics, "data": f"0x{amount:064x}"}


def receipt(*logs: Any, status: str = "0x1") -> dict[str, Any]:
    return {
        "transactionHash": "0x" + "12" * 32,
        "status": status,
        "blockNumber": "0x10",
        "transactionIndex": "0x2",
        "gasUsed": "0x5208",
        "effectiveGasPrice": "0x2",
        "logs": list(logs),
    }


def read(*logs: Any, value: str = "0x0", trace: Any = None, status: str = "0x1") -> Any:
    envelope = {"from": A, "to": B, "value": value}
    return read_transaction(envelope, receipt(*logs, status=status), 9, trace)


def test_transfers_mints_and_burns() -> None:
    found = read(log(TRANSFER, A, B), log(TRANSFER, NOBODY, A), log(TRANSFER, B, NOBODY))
    assert found.movements == (
        Movement(TOKEN, A, B, 5),
        Movement(TOKEN, TOKEN, A, 5),
        Movement(TOKEN, B, TOKEN, 5),
    )
    assert found.fee == 42_000
    assert found.touched == {A, B, TOKEN, NOBODY}


def test_a_wrapper_that_announces_twice_wrapped_once() -> None:
    assert read(log(DEPOSIT, A)).movements == (Movement(TOKEN, TOKEN, A, 5),)
    assert read(log(WITHDRAWAL, A)).movements == (Movement(TOKEN, A, TOKEN, 5),)
    both = read(log(TRANSFER, NOBODY, A), log(DEPOSIT, A))
    assert both.movements == (Movement(TOKEN, TOKEN, A, 5),)


def test_tokens_that_are_no_quantities_are_left_out() -> None:
    assert read(log(TRANSFER, A, B, C)).movements == ()


def test_coin_comes_from_the_call_tree_or_from_the_envelope() -> None:
    tree = {
        "type": "CALL",
        "from": A,
        "to": B,
        "value": "0x3",
        "calls": [
            {"type": "CALL", "from": B, "to": C, "value": "0x2"},
            {"type": "DELEGATECALL", "from": B, "to": C, "value": "0x2"},
            {
                "type": "CALL",
                "from": B,
                "to": C,
                "value": "0x9",
                "error": "execution reverted",
                "calls": [{"type": "CALL", "from": C, "to": A, "value": "0x9"}],
            },
            {"type": "CREATE2", "from": B, "to": TOKEN, "value": "0x1"},
            {"type": "SELFDESTRUCT", "from": TOKEN, "to": A, "value": "0x1"},
        ],
    }
    traced = read(value="0x3", trace=tree)
    assert traced.movements == (
        Movement(NATIVE, A, B, 3),
        Movement(NATIVE, B, C, 2),
        Movement(NATIVE, B, TOKEN, 1),
        Movement(NATIVE, TOKEN, A, 1),
    )
    assert traced.created == ((TOKEN, B),)
    assert read(value="0x3").movements == (Movement(NATIVE, A, B, 3),)


def test_what_was_reverted_moved_nothing_but_was_paid_for() -> None:
    found = read(log(TRANSFER, A, B), value="0x3", status="0x0")
    assert (found.movements, found.created, found.ok, found.fee) == ((), (), False, 42_000)


def test_a_deep_tree_is_read_without_recursion() -> None:
    tree: dict[str, Any] = {"type": "CALL", "from": A, "to": B}
    for _ in range(5_000):
        tree = {"type": "CALL", "from": A, "to": B, "calls": [tree]}
    assert sum(1 for _ in read_frames(tree)) == 5_001


scrap = st.none() | st.integers(0, 9) | st.sampled_from(["", A, "0x1", TRANSFER, "0x" + "0" * 64])
anything = scrap | st.lists(scrap, max_size=3)
logs = anything | st.lists(
    scrap | st.fixed_dictionaries({"address": anything, "topics": anything, "data": anything}),
    max_size=3,
)
frames = st.recursive(
    anything,
    lambda below: st.fixed_dictionaries(
        {"type": anything, "from": anything, "to": anything, "value": anything, "calls": below}
    ),
    max_leaves=4,
)


@given(anything, logs, anything, frames | st.lists(frames, max_size=2))
def test_nothing_that_a_node_may_say_breaks_it(one: Any, logs: Any, other: Any, tree: Any) -> None:
    envelope = {"from": one, "to": other, "value": one, "gasPrice": other}
    told = dict.fromkeys(("blockNumber", "gasUsed", "contractAddress"), one)
    told |= {"logs": logs, "status": "0x1", "effectiveGasPrice": other}
    found = read_transaction(envelope, told, 0, tree)
    assert all(move.amount > 0 for move in found.movements)


@pytest.mark.parametrize("text", ["0x", "1", "0xzz", "0x" + "f" * 65, None, 5, "-0x1"])
def test_what_is_no_quantity_is_nought(text: Any) -> None:
    assert read(value=text).movements == ()
