"""A service's work: a task over its group's share, with the signs of life that each turn gives."""

from collections.abc import Callable

from runtime.beats import Beats
from runtime.broker import Consumer
from runtime.lag import LagGauge
from runtime.loop import Loop, Task
from runtime.service import Service

CHECKPOINT_SECONDS = 5.0


def work(
    consumer: Consumer,
    task: Task,
    service: Service,
    *,
    beats: Beats | None = None,
    interval: float = CHECKPOINT_SECONDS,
    obstacle: Callable[[], str] = lambda: "",
) -> None:
    """Work until the service is told to stop; checkpoint every `interval` seconds.

    At each turn probes hear what `obstacle` says, the lag is shown, and others hear `beats`.
    """
    lag = LagGauge(consumer.lags, service.metrics, service.clock)

    def beat() -> None:
        service.health.beat(obstacle())
        lag.look()
        if beats is not None:
            beats.tell(reads=loop.worked)

    loop = Loop(consumer, task, service.clock, beat=beat, interval=interval)
    loop.run(service.stop)
