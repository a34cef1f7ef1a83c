"""How every service starts, answers signals and ends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from runtime import health, logs
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.metrics import Metrics
from runtime.settings import Settings


class Service:
    """What a running service has at hand: its clock, metrics, health, and the sign to stop."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clock = SystemClock()
        self.metrics = Metrics()
        self.health = Health(self.clock)
        self.stop = threading.Event()


@contextmanager
def running(name: str, settings: Settings) -> Iterator[Service]:
    """Set up logs, signals and the health endpoint around a service's work.

    SIGTERM and SIGINT set `Service.stop`; the work drains and returns by itself. A second signal
    does what it would do to any process: it ends this one at once.
    """
    logs.configure(name, settings.log.level, settings.log.format)
    log = logs.logger(__name__)
    service = Service(name)
    asked: list[str] = []

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        # Nothing is logged here: the signal may have come in the middle of a line.
        asked.append(signal.Signals(number).name)
        signal.signal(number, before[number])
        service.stop.set()

    before: dict[int, Any] = {
        n: signal.signal(n, ask_to_stop) for n in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        port, close = health.serve(
            service.health, service.metrics, settings.health.host, settings.health.port
        )
        log.info("started", health=f"{settings.health.host}:{port}")
        try:
            yield service
        except Exception as error:
            log.error("failed", error=str(error), kind=type(error).__name__)  # noqa: TRY400
            raise
        finally:
            close()
    finally:
        for number, action in before.items():
            signal.signal(number, action)
        log.info("stopped", asked_by=asked)
