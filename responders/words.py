"""Where the words of other operators are read from: the topic, as far back as one may be valid."""

from collections.abc import Callable, Mapping, Sequence

from responders.questions import LONGEST
from runtime.broker import Offsets, Partition
from runtime.clock import Clock
from schemas.topics import CONSENTS

OffsetsAt = Callable[[str, int], Mapping[Partition, int]]
"""Per partition of a topic the first offset at or after a time, in milliseconds since 1970
(`Broker.offsets_at`)."""


class Words:
    """Says where to begin reading them."""

    def __init__(self, offsets_at: OffsetsAt, clock: Clock) -> None:
        self._offsets_at = offsets_at
        self._clock = clock

    def starts(self, partitions: Sequence[Partition]) -> Offsets:
        """Return where to start each of these partitions that has words; twice as far back as any
        is valid, because brokers' clocks and ours may differ."""
        wanted = {one for one in partitions if one.topic == CONSENTS.name}
        if not wanted:
            return {}
        since = self._clock.now_ns() // 1_000_000 - 2 * LONGEST * 1000
        found = self._offsets_at(CONSENTS.name, max(0, since))
        return {one: found[one] for one in wanted if one in found}
