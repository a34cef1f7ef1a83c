"""Keeps a deeply nested text from overflowing the stack.

Parsers written in C stop where Python's recursion limit tells them to. Some libraries raise it when
they are imported (web3 brings py_ecc, which sets 100,000), and then a few kilobytes of brackets end
the process before anything is raised.
"""

import sys

DEEPEST = 5_000
"""Levels that fit into the 8 MB of a thread's stack several times over."""


def bound_recursion() -> None:
    """Lower Python's recursion limit to `DEEPEST` if somebody raised it beyond that."""
    if sys.getrecursionlimit() > DEEPEST:
        sys.setrecursionlimit(DEEPEST)
