"""The last answer of a pure function, kept for whoever asks the same again at once.

The detectors of a set look at one transaction one after another, and several ask for the same walk
over its calls or its flows.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class _Kept(threading.local):
    question: object = None
    answer: object = None


def answered_once(function: Callable[[Q], A]) -> Callable[[Q], A]:
    """Make a pure function give the last answer again for the very same object, per thread.

    The object must not change, and nobody may change the answer.
    """
    kept = _Kept()

    @wraps(function)
    def ask(question: Q) -> A:
        if kept.question is not question:
            kept.answer = function(question)
            kept.question = question
        return kept.answer  # type: ignore[return-value]  # of this very function

    return ask
