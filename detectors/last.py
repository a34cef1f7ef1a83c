"""The last answer of a pure function, kept for whoever asks the same again at once.

The detectors of a set look at one transaction one after another, and several ask for the same walk
over its calls or its flows. One that learns what it has just scored takes the same features apart.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


def answered_once(function: Callable[[Q], A]) -> Callable[[Q], A]:
    """Make a pure function give the last answer again for the very same object.

    The object must not change, and nobody may change the answer. Threads take the last answer from
    each other, always together with its question.
    """
    kept: tuple[Q, A] | None = None

    @wraps(function)
    def ask(question: Q) -> A:
        nonlocal kept
        last = kept
        if last is None or last[0] is not question:
            last = kept = question, function(question)
        return last[1]

    return ask
