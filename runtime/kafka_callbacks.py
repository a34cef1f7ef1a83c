"""Callbacks for librdkafka that keep nobody alive."""

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod


def weakly(method: Callable[..., Any]) -> Callable[..., None]:
    """Return a function that calls a bound method for as long as its object lives.

    A client holds its callbacks, and their object holds the client: a circle, which only the
    collector would end. That comes seldom, and never to what the loop froze (`runtime.loop`), while
    each client has one of the 1,024 thread-local keys of a process (PTHREAD_KEYS_MAX).
    """
    kept = WeakMethod(method)

    def call(*arguments: Any) -> None:
        bound = kept()
        if bound is not None:
            bound(*arguments)

    return call
