"""`firebreak replay` by several processes, each of which scores some of the partitions."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from cli.wiring import connect, past, read_settings, scorers
from detectors.replaying import Replayed, score_again
from runtime import logs
from runtime.replay import Stretch
from schemas.errors import TransientError

TURN = 0.2
"""Seconds between two looks at how far the others have come."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a process has to know, beside its partitions and the settings."""

    set_name: str
    events: bool
    archive: Path | None
    space: str
    """The namespace of what it writes."""


class _StopError(Exception):
    """Another process failed, or nobody wants to know any more."""


_shared: dict[str, Any] = {}
"""What a process was given by the one that started it: `counter`, `stop`."""


def at_once(order: Order, parts: Sequence[Stretch], tell: Callable[[int], None]) -> list[Replayed]:
    """Score each part in a process of its own. `tell` is told how many records were scored since it
    was told last.

    Raises what the first of them to fail raised, and stops the others.
    """
    context = get_context("spawn")  # the broker's client does not survive a fork
    counter, stop = context.Value("Q", 0), context.Event()
    told = 0
    with ProcessPoolExecutor(len(parts), context, _begin, (counter, stop)) as pool:
        futures = [pool.submit(_score, order, part) for part in parts]
        left = set(futures)
        try:
            while left:
                done, left = wait(left, TURN, FIRST_EXCEPTION)
                for future in done:
                    future.result()
                now = counter.value
                tell(now - told)
                told = now
        except BrokenProcessPool as error:
            raise TransientError(
                "a process of the replay was killed, perhaps for want of memory; take fewer "
                "--processes, and begin again"
            ) from error
        finally:
            stop.set()
    return [future.result() for future in futures]


def _begin(counter: Any, stop: Event) -> None:
    logs.configure("cli", "WARNING", "text")
    _shared.update(counter=counter, stop=stop)


def _score(order: Order, part: Stretch) -> Replayed:
    settings = read_settings()
    maker = scorers(settings, order.set_name, events=order.events)
    live = past(settings, order.archive, maker.topic)
    return score_again(
        live, part, maker, connect(settings, namespace=order.space).producer(), _tell
    )


def _tell(count: int) -> None:
    began = parent_process()
    if _shared["stop"].is_set() or began is None or not began.is_alive():
        raise _StopError
    with _shared["counter"].get_lock():
        _shared["counter"].value += count
