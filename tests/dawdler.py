"""Somebody else's service that takes every connection and never says a word."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def dawdler() -> Iterator[str]:
    """Give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
