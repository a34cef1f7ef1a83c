"""Signs of life come twice a period."""

from runtime.beats import Beats
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from schemas.topics import BEATS
from tests.clock import ManualClock


def test_two_beats_are_told_in_each_period() -> None:
    broker, clock = MemoryBroker(), ManualClock(0)
    broker.create([BEATS])
    beats = Beats(broker, "detect", "group", clock, period=10.0)
    told = []
    for second in range(20):
        clock.seconds = second
        beats.tell()
        told.append(len(broker.log(Partition(BEATS.name, 0))))
    assert (told[0], told[4], told[5], told[-1]) == (1, 1, 2, 4)
