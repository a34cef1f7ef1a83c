"""`firebreak replay` by several processes, each of which scores some of the partitions.

A process tells through a pipe how far it has come, and in the end what came of it. A pipe that ends
before says that its process was killed; one that nobody reads any more ends the process.
"""

import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from cli.wiring import connect, past, read_settings, scorers
from detectors.replaying import Replayed, score_again
from runtime import logs
from runtime.replay import Stretch
from schemas.errors import (
    ConfigurationError,
    PipelineError,
    TransientError,
    UnsafeToContinueError,
)

_KINDS = (ConfigurationError, TransientError, UnsafeToContinueError)
"""As what the error of a process is raised here. A stranger's kind might not survive the pipe."""

_spawning = get_context("spawn")  # the broker's client does not survive a fork


@dataclass(frozen=True, slots=True)
class Order:
    """What a process has to know, beside its partitions and the settings."""

    set_name: str
    events: bool
    archive: Path | None
    space: str
    """The namespace of what it writes."""


def at_once(order: Order, parts: Sequence[Stretch], tell: Callable[[int], None]) -> list[Replayed]:
    """Score each part in a process of its own; `tell` is told of each batch how many records it
    has.

    Raises what one of them could not go on with, and ends the others.
    """
    found: list[Replayed] = []
    processes: list[SpawnProcess] = []
    pipes: list[Connection] = []
    try:
        for part in parts:
            process, pipe = _start(order, part)
            processes.append(process)
            pipes.append(pipe)
        while pipes:
            ready = wait(pipes)
            for pipe in [pipe for pipe in pipes if pipe in ready]:
                said = _hear(pipe)
                if isinstance(said, Replayed):
                    found.append(said)
                    pipes.remove(pipe)
                else:
                    tell(said)
    except BaseException:
        for process in processes:
            process.terminate()
        raise
    finally:
        for process in processes:
            process.join()
    return found


def _start(order: Order, part: Stretch) -> tuple[SpawnProcess, Connection]:
    ours, theirs = _spawning.Pipe(duplex=False)
    process = _spawning.Process(target=_work, args=(order, part, theirs))
    resource_tracker.ensure_running()  # else it begins below, and lets the signal through again
    # Ctrl-C reaches the whole group. It waits for us meanwhile, and never gets to a process that is
    # started so: they are ended by whoever started them, without a word.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return process, ours


def _hear(pipe: Connection) -> int | Replayed:
    try:
        said: int | Replayed | Exception = pipe.recv()
    except (EOFError, OSError):  # the latter in the middle of a word
        raise TransientError(
            "a process of the replay was killed, perhaps for want of memory; take fewer "
            "--processes, and begin again"
        ) from None
    if isinstance(said, Exception):
        raise said
    return said


def _work(order: Order, part: Stretch, pipe: Connection) -> None:
    logs.configure("cli", "WARNING", "text")
    outcome: Replayed | Exception
    try:
        outcome = _score(order, part, pipe.send)
    except PipelineError as error:
        kind = next((kind for kind in _KINDS if isinstance(error, kind)), PipelineError)
        outcome = kind(str(error))
    except Exception:  # noqa: BLE001 - shown whole by whoever started this
        outcome = RuntimeError(traceback.format_exc())
    with suppress(BrokenPipeError):  # nobody wants to know any more
        pipe.send(outcome)


def _score(order: Order, part: Stretch, tell: Callable[[int], None]) -> Replayed:
    settings = read_settings()
    maker = scorers(settings, order.set_name, events=order.events)
    live = past(settings, order.archive, maker.topic)
    producer = connect(settings, namespace=order.space).producer()
    return score_again(live, part, maker, producer, tell)
