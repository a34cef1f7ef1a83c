"""What nodes answer, read strictly: a node may be broken, or an attacker's. Pure.

Each raises `ValueError` or what else strange values provoke; `Endpoints.ask` then takes the node
for one that failed, and asks the next.
"""

import re
from dataclasses import dataclass
from typing import Any

from responders.fees import Fee

_HEXADECIMAL = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_MOST_GAS = 60_000_000
"""For the replay of a transaction: a block's worth on the largest chains."""
_HIGHEST = 2**63 - 1
"""Of a block's number and time: what records and databases hold."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block; its time in seconds, its base fee in wei per gas."""

    number: int
    hash: str
    timestamp: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a transaction was included, and whether it succeeded."""

    tx: str
    block: int
    block_hash: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Logged:
    """An event of a transaction: who emitted it, and its indexed words, the event's own first."""

    contract: str
    topics: tuple[str, ...]


def quantity(answer: Any, highest: int = 2**256 - 1) -> int:
    """Read a quantity in hexadecimal."""
    if not _QUANTITY.fullmatch(answer) or (number := int(answer, 16)) > highest:
        raise ValueError("not a quantity")
    return number


def hexadecimal(answer: Any) -> str:
    """Read bytes in hexadecimal."""
    return _matching(_HEXADECIMAL, answer)


def head(answer: Any) -> Head:
    """Read a block's header."""
    return Head(
        quantity(answer["number"], _HIGHEST),
        _matching(_HASH, answer["hash"]),
        quantity(answer["timestamp"], _HIGHEST),
        quantity(answer.get("baseFeePerGas") or "0x0"),
    )


def receipt(answer: Any, tx: str) -> Receipt | None:
    """Read the receipt of a transaction; None while it is not in a block."""
    if answer is None or answer.get("blockHash") is None:
        return None
    return Receipt(
        tx,
        quantity(answer["blockNumber"], _HIGHEST),
        _matching(_HASH, answer["blockHash"]),
        quantity(answer["status"]) == 1,
    )


def logged(answer: Any) -> tuple[Logged, ...]:
    """Read the events of a transaction, in their order; none for one that is not in a block."""
    if answer is None or answer.get("blockHash") is None:
        return ()
    return tuple(
        Logged(
            _matching(_ADDRESS, log["address"]).lower(),
            tuple(_matching(_HASH, topic).lower() for topic in log["topics"]),
        )
        for log in answer["logs"]
    )


def paid(answer: Any) -> int | None:
    """Read what a mined transaction paid for its gas; None for one that is not mined."""
    if answer is None:
        return None
    return quantity(answer["gasUsed"]) * quantity(answer["effectiveGasPrice"])


def message(answer: Any) -> dict[str, str] | None:
    """Read a transaction as the message that it was, the way `eth_call` takes it; without its fees,
    which the sender may not be able to pay a second time. None for one that is not known."""
    if answer is None:
        return None
    read = {
        "from": _matching(_ADDRESS, answer["from"]),
        "data": hexadecimal(answer["input"]),
        "value": hex(quantity(answer["value"])),
        "gas": hex(min(quantity(answer["gas"]), _MOST_GAS)),
    }
    return read if answer.get("to") is None else read | {"to": _matching(_ADDRESS, answer["to"])}


def offer(answer: Any) -> Fee | None:
    """Read what a transaction that waits in the pool pays; None for one that is mined, or not
    known."""
    if answer is None or answer.get("blockHash") is not None:
        return None
    price = answer.get("gasPrice")
    return Fee(
        quantity(answer.get("maxFeePerGas") or price),
        quantity(answer.get("maxPriorityFeePerGas") or price),
    )


def _matching(pattern: re.Pattern[str], answer: Any) -> str:
    if not pattern.fullmatch(answer):
        raise ValueError("not hexadecimal")
    return str(answer)
