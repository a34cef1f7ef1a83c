"""A signer process's server, in this process."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from responders.signers.desks import Desk
from responders.signers.server import listening, serve
from responders.signers.wire import Begun

ME = os.geteuid()


class Serve(Protocol):
    """Serves a desk for one user; returns the socket."""

    def __call__(self, desk: Desk, uid: int = ME, begun: Begun | None = None) -> Path: ...


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serve]:
    """Starts the server, which ends with the test."""
    stop, threads = threading.Event(), []

    def start(desk: Desk, uid: int = ME, begun: Begun | None = None) -> Path:
        path, ready = tmp_path / "signer.sock", threading.Event()

        def run() -> None:
            with listening(path, ME) as listener:
                ready.set()
                serve(listener, desk, uid, stop, begun=begun)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        assert ready.wait(10)
        return path

    yield start
    stop.set()
    for thread in threads:
        thread.join()
