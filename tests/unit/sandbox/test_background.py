import json
import os
import sys
from pathlib import Path

import pytest

from sandbox import background
from sandbox.kafka_broker import properties_file
from sandbox.process import ChildProcess
from schemas.errors import ConfigurationError


def record(folder: Path, pid: int) -> None:
    (folder / "running.json").write_text(json.dumps({"pid": pid, "bootstrap": "127.0.0.1:9092"}))


@pytest.fixture
def standing_in(tmp_path: Path) -> ChildProcess:
    """A process that has the folder's settings on its command line, as its broker would."""
    code = "import signal; signal.pause()"
    child = ChildProcess(
        [sys.executable, "-c", code, str(properties_file(tmp_path))], tmp_path / "log"
    )
    record(tmp_path, child.pid)
    return child


def test_nothing_runs_in_a_new_folder(tmp_path: Path) -> None:
    assert background.status(tmp_path) is None
    assert background.down(tmp_path) is None


def test_another_program_with_the_number_is_not_taken_for_the_broker(tmp_path: Path) -> None:
    record(tmp_path, os.getpid())
    assert background.status(tmp_path) is None
    assert background.down(tmp_path) is None
    assert not (tmp_path / "running.json").exists()


def test_the_broker_is_found_and_not_started_twice(
    standing_in: ChildProcess, tmp_path: Path, said: list[str]
) -> None:
    found = background.up(tmp_path, tmp_path / "cache", 9092, said.append)
    assert (found, said) == (background.Running(standing_in.pid, "127.0.0.1:9092"), [])
    with pytest.raises(ConfigurationError, match=r"runs already, on 127.0.0.1:9092"):
        background.up(tmp_path, tmp_path / "cache", 9093, said.append)
    standing_in.kill()


def test_down_ends_the_broker(standing_in: ChildProcess, tmp_path: Path) -> None:
    ended = background.down(tmp_path)
    assert ended is not None
    assert ended.pid == standing_in.pid
    assert standing_in.stop() != 0
    assert background.status(tmp_path) is None


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"running.json is damaged"):
        background.status(tmp_path)
