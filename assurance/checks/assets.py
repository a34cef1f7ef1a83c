"""Which functions of a contract move assets, and which way: read from what their code can do.

Coin comes in where a function makes anything of the value sent along but to refuse it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from assurance.selectors import selectors
from assurance.subject import Subject

OUTWARD: Mapping[int, str] = selectors("""
    transfer(address,uint256) safeTransfer(address,uint256) transferFrom(address,address,uint256)
    safeTransferFrom(address,address,uint256) safeTransferFrom(address,address,uint256,bytes)
    safeTransferFrom(address,address,uint256,uint256,bytes)
    safeBatchTransferFrom(address,address,uint256[],uint256[],bytes) withdraw(uint256)
    transferUnderlyingTo(address,uint256) burn(address,address,uint256,uint256)
    mint(address,uint256) approve(address,uint256) redeem(uint256) send(address,uint256,bytes)
""")
"""Calls by which assets may leave. `transferFrom` takes from somebody and gives to somebody: it may
be either."""

_PULLS = selectors("transferFrom(address,address,uint256)")
_ONLY_IN = (
    "deposit", "supply", "stake", "addCollateral", "repay", "mint", "refill", "fund", "back",
)  # fmt: skip
"""What the names of functions begin with that take in, where all they do is pull."""

TOKEN = selectors("""
    transfer(address,uint256) transferFrom(address,address,uint256) mint(address,uint256)
    burn(uint256) burnFrom(address,uint256) safeTransferFrom(address,address,uint256)
    safeTransferFrom(address,address,uint256,uint256,bytes)
""")
"""Functions by which a token moves what it keeps account of itself."""

_IS_TOKEN = selectors("totalSupply() balanceOf(address)")


@dataclass(frozen=True, slots=True)
class Move:
    """A function that moves assets."""

    function: int
    direction: Literal["in", "out"]


def moving(subject: Subject) -> list[Move]:
    """Return the functions that move assets, in the order of their selectors."""
    token = _IS_TOKEN.keys() <= subject.walk.functions
    found = []
    for function in subject.functions:
        direction = _direction(subject, function)
        if direction is None and token and function in TOKEN and _writes(subject, function):
            direction = "out"
        if direction is not None:
            found.append(Move(function, direction))
    return found


def _direction(subject: Subject, function: int) -> Literal["in", "out"] | None:
    pulls = takes = False
    for reached in subject.reached(function, delegated_only=True):
        act = reached.act
        if act.kind == "call" and act.sends:
            return "out"
        takes = takes or act.kind == "take"
        if act.kind != "call" or act.called not in OUTWARD:
            continue
        if act.called not in _PULLS:
            return "out"
        pulls = True
    if not pulls:
        return "in" if takes else None
    name = subject.signature(function) or ""
    return "in" if name.startswith(_ONLY_IN) or not name else "out"


def _writes(subject: Subject, function: int) -> bool:
    return any(
        reached.act.kind == "store" for reached in subject.reached(function, delegated_only=True)
    )
