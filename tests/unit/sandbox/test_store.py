import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.store import once
from schemas.errors import ConfigurationError

BUILD = """
import sys
from pathlib import Path
from sandbox.store import once

def build(scratch):
    with Path(sys.argv[2]).open("a") as log:
        log.write("built\\n")
    (scratch / "made").mkdir()
    return scratch / "made"

print("ready", flush=True)
sys.stdin.readline()
once(Path(sys.argv[1]), build)
"""


def build(scratch: Path) -> Path:
    made = scratch / "made"
    made.mkdir()
    (made / "file").write_text("content")
    (scratch / "rubbish").write_text("not kept")
    return made


def interrupted(scratch: Path) -> Path:
    (scratch / "half").write_text("half")
    raise KeyboardInterrupt


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


def test_only_what_is_asked_for_is_kept(tmp_path: Path) -> None:
    target = once(tmp_path / "deep" / "thing", build)
    assert (target / "file").read_text() == "content"
    assert visible(target.parent) == ["thing"]


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    target = once(tmp_path / "thing", build)
    assert once(target, interrupted) == target


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        once(tmp_path / "thing", interrupted)
    assert visible(tmp_path) == []


def test_what_a_killed_builder_left_does_not_get_in(tmp_path: Path) -> None:
    partial = tmp_path / ".thing.partial"
    partial.mkdir()
    (partial / "made").write_text("half")
    assert visible(once(tmp_path / "thing", build)) == ["file"]


def test_two_processes_at_once_build_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", BUILD, str(tmp_path / "cache" / "thing"), str(log)]
    builders = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for builder in builders:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "ready\n"
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("go\n")
        builder.stdin.flush()
    for builder in builders:
        builder.communicate()
    assert [builder.returncode for builder in builders] == [0, 0]
    assert log.read_text() == "built\n"


def test_a_cache_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(ConfigurationError, match=f"cannot write to the cache {tmp_path}/cache"):
        once(tmp_path / "cache" / "thing", build)
