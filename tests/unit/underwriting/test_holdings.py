"""What is held, read from a chain that may answer anything."""

from typing import Any, cast

import pytest

from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError
from schemas.underwriting import Underwriting
from tests.unit.underwriting.worlds import DOLLAR, POOL, manifest
from underwriting.holdings import held, readable

BLOCK = "0x" + "bb" * 32


class Node:
    """Answers the same to everything."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[Any, ...]] = []

    def ask(self, *question: Any) -> Any:
        self.asked.append(question)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def told(answer: Any, **changed: Any) -> float:
    return held(manifest(**changed), cast("Endpoints", Node(answer)), BLOCK)


def test_balances_are_asked_of_just_this_block() -> None:
    node = Node(hex(1_500_000 * 10**6))
    assert held(manifest(), cast("Endpoints", node), BLOCK) == 1_500_000.0
    data = "0x70a08231" + POOL[2:].rjust(64, "0")
    assert node.asked == [("eth_call", {"to": DOLLAR, "data": data}, {"blockHash": BLOCK})]


def test_money_is_brought_to_dollars() -> None:
    assert told(hex(10**6), underwriting=Underwriting(dollars="1.25")) == 1.25  # type: ignore[arg-type]  # pydantic reads it


@pytest.mark.parametrize(
    "answer", ["0x", None, 7, "0x" + "f" * 65, "0xzz", NodeRefusalError("eth_call", 1, "no block")]
)
def test_what_is_no_balance_is_told_apart_from_nothing_held(answer: Any) -> None:
    with pytest.raises(TransientError, match="meadow: what it holds cannot be read"):
        told(answer)


def test_without_assets_there_is_nothing_to_read() -> None:
    assert readable(manifest())
    assert not readable(manifest(assets=()))
