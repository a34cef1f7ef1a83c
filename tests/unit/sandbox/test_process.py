import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox import process
from sandbox.process import ChildProcess
from schemas.errors import ConfigurationError, UnsafeToContinueError

STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
WAIT = "import signal; print('up', flush=True); signal.pause()"

PARENT = """
import signal, sys
from pathlib import Path
from sandbox.process import ChildProcess
child = ChildProcess(
    [sys.executable, "-c", "import signal; signal.pause()"],
    Path(sys.argv[1]),
    detached=sys.argv[2] == "detached",
)
print(child.pid, flush=True)
signal.pause()
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def await_log(child: ChildProcess, text: str) -> None:
    while text not in child.tail():
        child.require_running()


def await_end(pid: int) -> None:
    """Wait for the end of a process that is not ours; the test's time limit bounds it."""
    while process.command_line(pid):
        os.sched_yield()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


def test_what_it_says_goes_to_its_log(log: Path) -> None:
    child = ChildProcess(python("import sys; print('out'); sys.exit('err')"), log)
    assert child.wait() == 1
    assert sorted(child.tail().split()) == ["err", "out"]


def test_it_is_asked_to_end_before_it_is_killed(log: Path) -> None:
    child = ChildProcess(python(WAIT), log)
    await_log(child, "up")
    assert child.status is None
    assert child.stop() == -signal.SIGTERM


def test_it_is_killed_when_it_does_not_listen(log: Path) -> None:
    child = ChildProcess(python(STUBBORN + "signal.pause()"), log)
    await_log(child, "up")
    assert child.stop(patience=0.05) == -signal.SIGKILL


def test_its_own_children_end_with_it(log: Path) -> None:
    family = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', "
    family += "'import signal; signal.pause()']).pid, flush=True); import signal; signal.pause()"
    child = ChildProcess(python(family), log)
    while not child.tail().isdecimal():
        child.require_running()
    grandchild = int(child.tail())
    child.stop()
    await_end(grandchild)


def test_ending_it_twice_is_harmless(log: Path) -> None:
    child = ChildProcess(python("pass"), log)
    child.wait()
    assert (child.stop(), child.stop(), child.kill()) == (0, 0, 0)


def test_an_early_end_is_told_with_its_last_words(log: Path) -> None:
    child = ChildProcess(python("import sys; sys.exit('no room')"), log)
    child.wait()
    with pytest.raises(UnsafeToContinueError, match=r"exit status 1; .*\n.*no room"):
        child.require_running()


def test_a_wait_that_is_too_short_says_so(log: Path) -> None:
    child = ChildProcess(python(WAIT), log)
    with pytest.raises(TimeoutError, match="still runs"):
        child.wait(0.01)
    child.kill()


def test_a_program_that_is_not_there_is_named(log: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot start /no/such/program"):
        ChildProcess(["/no/such/program"], log)


def test_it_gets_our_environment_and_more(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OURS", "kept")
    code = "import os; print(os.environ['OURS'], os.environ['MORE'])"
    child = ChildProcess(python(code), log, environment={"MORE": "given"})
    assert child.wait() == 0
    assert child.tail() == "kept given"


@pytest.fixture
def parent(log: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """Start a process that starts a child; give the numbers of both."""
    command = [*python(PARENT), str(log), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        child = int(started.stdout.readline())
        try:
            yield started.pid, child
        finally:
            started.kill()
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
@pytest.mark.parametrize("parent", ["attached"], indirect=True)
def test_no_child_survives_a_killed_parent(parent: tuple[int, int]) -> None:
    pid, child = parent
    os.kill(pid, signal.SIGKILL)
    await_end(child)


@pytest.mark.parametrize("parent", ["detached"], indirect=True)
def test_a_detached_child_survives_and_can_be_ended_by_number(parent: tuple[int, int]) -> None:
    pid, child = parent
    os.kill(pid, signal.SIGKILL)
    await_end(pid)
    assert sys.executable in process.command_line(child)
    process.end(child)
    assert process.command_line(child) == ""


def test_a_number_without_a_process_has_no_command_line(log: Path) -> None:
    child = ChildProcess(python("pass"), log)
    child.stop()
    assert process.command_line(child.pid) == ""
    process.end(child.pid)
