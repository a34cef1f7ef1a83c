"""A transaction executed once more, with the balances before and after. Pure.

`eth_simulateV1` (geth, Nethermind, Erigon, Reth, anvil) takes all of it as one block, so that what
is compared is of one state. Answers are read strictly, as in `responders.answers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from responders.answers import hexadecimal, quantity
from schemas.units import NATIVE

Place = tuple[str, str]
"""A holder, and a token that it may hold."""

CANNOT = frozenset({-32601, -32602, *range(-38099, -37999)})
"""A node's refusals that will be the same tomorrow: it lacks the method, or does not take this."""

_BALANCE_OF = "0x70a08231"
_GAS = hex(200_000)
_BLOCK_GAS = hex(2**40)
"""Room for all balances beside a transaction that took a block's gas."""
_RICH = hex(10**30)
"""Wei: whether the sender could pay what it brought a second time is its affair."""

_TELLER = "0x5b1a91cb6f1e4ad0b3a1cf7d0fd1c0a7be11e4ac"
"""Nobody's address; for the while of the simulation it has the code below."""
_TELLS = "0x6000353160005260206000f3"
"""Answers what the account holds that it is asked about: CALLDATALOAD, BALANCE, MSTORE, RETURN."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it."""

    ok: bool
    before: tuple[int | None, ...]
    """Balances in the order of the places, None where the token does not say."""
    after: tuple[int | None, ...]


def request(message: dict[str, str], places: Sequence[Place]) -> dict[str, Any]:
    """Return what a node is asked: the balances, the message, the balances."""
    balances = [_question(place) for place in places]
    given: dict[str, Any] = {_TELLER: {"code": _TELLS}}
    if int(message["value"], 16):
        given[message["from"]] = {"balance": _RICH}
    block = {
        "blockOverrides": {"gasLimit": _BLOCK_GAS},
        "stateOverrides": given,
        "calls": [*balances, message, *balances],
    }
    return {"blockStateCalls": [block], "validation": False}


def _question(place: Place) -> dict[str, str]:
    holder, token = place
    word = holder[2:].rjust(64, "0")
    if token == NATIVE:
        return {"to": _TELLER, "data": "0x" + word, "gas": _GAS}
    return {"to": token, "data": _BALANCE_OF + word, "gas": _GAS}


def replay(answer: Any, count: int) -> Replay:
    """Read the answer for so many places. Raises `ValueError` and its like for any other."""
    (block,) = answer
    calls = block["calls"]
    if len(calls) != 2 * count + 1:
        raise ValueError("another number of calls")
    return Replay(
        quantity(calls[count]["status"]) == 1,
        tuple(_balance(call) for call in calls[:count]),
        tuple(_balance(call) for call in calls[count + 1 :]),
    )


def _balance(call: Any) -> int | None:
    data = hexadecimal(call["returnData"])
    return int(data, 16) if quantity(call["status"]) == 1 and len(data) == 66 else None
