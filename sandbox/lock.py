"""One process at a time.

The operating system holds the lock for a process and takes it back when the process ends, however
it ends. The file stays; it is the lock on it that counts.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import ConfigurationError


@contextmanager
def locked(path: Path, *, refusal: str | None = None) -> Iterator[None]:
    """Hold the lock on `path` while the block runs.

    Waits while another process holds it; with a `refusal`, raises `ConfigurationError` with that
    text instead of waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (fcntl.LOCK_NB if refusal else 0))
        except BlockingIOError:
            raise ConfigurationError(refusal) from None
        yield
