from runtime.broker import Partition
from runtime.lag import LOOK_EVERY, LagGauge
from runtime.metrics import Metrics
from tests.clock import ManualClock


class Share:
    """The lags of a consumer whose share changes."""

    def __init__(self) -> None:
        self.lags = {Partition("alerts-v1", 0): 7}
        self.asked = 0

    def __call__(self) -> dict[Partition, int]:
        self.asked += 1
        return self.lags


def shown(metrics: Metrics, number: str) -> float | None:
    return metrics.registry.get_sample_value(
        "firebreak_consumer_lag", {"topic": "alerts-v1", "partition": number}
    )


def test_the_lag_of_every_partition_of_ours_is_shown_and_of_no_other() -> None:
    metrics, clock, share = Metrics(), ManualClock(), Share()
    gauge = LagGauge(share, metrics, clock)
    gauge.look()
    assert shown(metrics, "0") == 7

    share.lags = {Partition("alerts-v1", 3): 2}
    clock.seconds += LOOK_EVERY
    gauge.look()
    assert shown(metrics, "3") == 2
    assert shown(metrics, "0") is None


def test_it_does_not_look_at_every_turn() -> None:
    share, clock = Share(), ManualClock()
    gauge = LagGauge(share, Metrics(), clock)
    for _ in range(100):
        gauge.look()
        clock.seconds += LOOK_EVERY / 50
    assert share.asked == 2
