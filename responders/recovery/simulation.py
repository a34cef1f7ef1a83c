"""What a step would do: its calls made one after the other on the state after a block, and then the
protocol's invariants asked, before anyone signs. Nothing is changed.

Needs a node with `eth_simulateV1` (geth, Nethermind, Erigon, anvil); one that has not says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from responders import answers
from responders.recovery.checks import Check
from responders.recovery.moves import Move
from responders.reverts import explain
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError

GAS = 8_000_000
"""For each call: under the gas cap that nodes set for a request."""

NO_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Effect:
    """What one call would do."""

    move: Move
    ok: bool
    reason: str
    """Why it would revert, '' if it would not."""
    gas: int
    events: int
    """How many it would emit."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a step would do."""

    block: int
    effects: tuple[Effect, ...]
    broken: tuple[str, ...]
    """The invariants that would not hold afterwards."""

    @property
    def good(self) -> bool:
        """Whether every call would go through and every invariant hold afterwards."""
        return not self.broken and all(effect.ok for effect in self.effects)


def rehearse(
    endpoints: Endpoints,
    sender: str,
    moves: Sequence[Move],
    checks: Sequence[Check],
    names: Mapping[str, str] = NO_NAMES,
) -> Rehearsal:
    """Make these calls from `sender` (the Safe, or the Governor's timelock) on the newest state.

    `names` says what reverts mean, by text or selector.
    Raises `TransientError` when no node answers, or none simulates.
    """
    questions = [question for check in checks for question in check.questions]
    messages = [
        *({"from": sender, "to": move.to, "data": move.calldata} for move in moves),
        *({"from": sender, "to": question.to, "data": question.calldata} for question in questions),
    ]
    block = _ask(endpoints, "eth_blockNumber", read=answers.quantity)
    body = {
        "blockStateCalls": [{"calls": [message | {"gas": hex(GAS)} for message in messages]}],
        "validation": False,
    }
    found = _ask(endpoints, "eth_simulateV1", body, hex(block), read=_read(len(messages)))
    effects = tuple(
        Effect(
            move,
            ok := answers.quantity(call["status"]) == 1,
            "" if ok else explain(call["returnData"], names),
            answers.quantity(call["gasUsed"]),
            len(call.get("logs", ())),
        )
        for move, call in zip(moves, found, strict=False)
    )
    asked = {
        question: call["returnData"] if answers.quantity(call["status"]) == 1 else ""
        for question, call in zip(questions, found[len(moves) :], strict=True)
    }
    broken = tuple(check.name for check in checks if not check.judged(asked))
    return Rehearsal(block, effects, broken)


def _read(count: int) -> Callable[[Any], list[Any]]:
    def read(answer: Any) -> list[Any]:
        (block,) = answer
        calls = list(block["calls"])
        if len(calls) != count:
            raise ValueError("another number of calls")
        for call in calls:
            call["returnData"] = answers.hexadecimal(call["returnData"])
            answers.quantity(call["status"])
            answers.quantity(call["gasUsed"])
        return calls

    return read


def _ask(endpoints: Endpoints, method: str, *parameters: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return endpoints.ask(method, *parameters, read=read)
    except NodeRefusalError as error:
        raise TransientError(str(error)) from error
