import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.lock import locked
from schemas.errors import ConfigurationError

HOLDER = """
import sys
from pathlib import Path
from sandbox.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_second_process_is_refused_with_the_given_words(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        held_elsewhere(path),
        pytest.raises(ConfigurationError, match="one is enough"),
        locked(path, refusal="one is enough"),
    ):
        pass


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held_elsewhere(path) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with locked(path, refusal="still held"):
            pass


def test_it_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "new folder" / "lock", refusal="still held"):
            pass
