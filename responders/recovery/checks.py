"""The invariants that must be green before anything is released, asked of the chain itself.

Each compares one number that a contract answers with another, or with a fixed one. What does not
answer with one number is not green.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from responders.chain import Call, Chain
from schemas.errors import ConfigurationError

Relation = Literal["==", "!=", "<", "<=", ">", ">="]

_RELATIONS: Mapping[Relation, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORD = 2 + 64


@dataclass(frozen=True, slots=True)
class Question:
    """A call that answers one number."""

    to: str
    calldata: str


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant."""

    name: str
    left: Question | int
    relation: Relation
    right: Question | int

    def __post_init__(self) -> None:
        if not self.questions:
            raise ConfigurationError(f"invariant {self.name} asks nothing of the chain")

    @property
    def questions(self) -> tuple[Question, ...]:
        """Return what has to be asked."""
        return tuple(side for side in (self.left, self.right) if isinstance(side, Question))

    def judged(self, asked: Mapping[Question, str]) -> bool:
        """Say whether it holds, by what was answered, in hexadecimal."""
        sides = [
            side if isinstance(side, int) else _number(asked[side])
            for side in (self.left, self.right)
        ]
        left, right = sides
        if left is None or right is None:
            return False
        return _RELATIONS[self.relation](left, right)


def red(chain: Chain, checks: Sequence[Check], block: int) -> tuple[str, ...]:
    """Return the names of those that do not hold after this block.

    Raises `TransientError` when no node answers, or none has that block's state any more.
    """
    asked = {}
    for question in {question for check in checks for question in check.questions}:
        answer = chain.call(Call(question.to, question.calldata), sender=None, block=block)
        asked[question] = answer.data if answer.ok else ""
    return tuple(check.name for check in checks if not check.judged(asked))


def _number(answer: str) -> int | None:
    return int(answer, 16) if len(answer) == _WORD else None
