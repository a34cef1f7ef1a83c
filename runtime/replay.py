"""Reading a stretch of a topic again, from one moment or offset to another, outside any group."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from runtime.broker import History, Kept, Message, Partition
from schemas.errors import ConfigurationError

Stretch = dict[Partition, tuple[int, int]]
"""Per partition the first offset to read and the one to stop before."""

BATCH = 500


def stretch(broker: History, topic: str, start: str, end: str) -> Stretch:
    """Return what lies between two bounds: `beginning`, `end`, an offset, or an ISO 8601 time.

    Bounds beyond what the topic keeps are drawn in. Raises `ConfigurationError` for one that is
    none of these.
    """
    partitions = [Partition(topic, number) for number in range(broker.partitions(topic))]
    kept = {partition: broker.bounds(partition) for partition in partitions}
    starts, ends = (_resolve(broker, topic, bound, kept) for bound in (start, end))
    found = {}
    for partition, (low, high) in kept.items():
        first = min(max(starts[partition], low), high)
        found[partition] = (first, max(first, min(ends[partition], high)))
    return found


def _resolve(
    broker: History, topic: str, bound: str, kept: dict[Partition, tuple[int, int]]
) -> dict[Partition, int]:
    if bound == "beginning":
        return {partition: low for partition, (low, _) in kept.items()}
    if bound == "end":
        return {partition: high for partition, (_, high) in kept.items()}
    if bound.isdigit():
        return dict.fromkeys(kept, int(bound))
    try:
        moment = datetime.fromisoformat(bound)
    except ValueError:
        raise ConfigurationError(
            f"{bound!r} is no bound; give beginning, end, an offset, or a time like "
            "2026-01-31T12:00:00Z"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return broker.offsets_at(topic, int(moment.timestamp() * 1000))


def read(broker: Kept, bounds: Stretch, take: Callable[[Sequence[Message]], None]) -> int:
    """Hand the stretch to `take` in batches, in order within each partition; return how many
    records there were."""
    open_ones = {p: first for p, (first, last) in bounds.items() if first < last}
    if not open_ones:
        return 0
    count = 0
    consumer = broker.consumer()
    try:
        consumer.assign(open_ones)
        while open_ones:
            batch = [m for m in consumer.fetch(BATCH, 1.0) if m.offset < bounds[m.origin][1]]
            take(batch)
            count += len(batch)
            over = [p for p in open_ones if consumer.position(p) >= bounds[p][1]]
            consumer.pause(over)
            for partition in over:
                del open_ones[partition]
    finally:
        consumer.close()
    return count
