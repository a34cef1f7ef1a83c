"""Letting a detector set look at a stretch of history again.

Partitions know nothing of each other, so several processes may take some of them each: what they
find together is what one finds alone, as long as no plug-in fails, no record is unreadable, and no
more alerts about contracts wait than `detectors.vetting` keeps.
"""

import gc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson

from detectors.publisher import Publisher
from detectors.scorer import ScorerMaker
from detectors.service import DetectTask
from runtime.broker import Kept, Message, Producer
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.loop import YOUNG
from runtime.metrics import Metrics
from runtime.replay import Stretch, read


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a stretch, beside its alerts."""

    records: int
    learned: tuple[tuple[str, str], ...]
    """For each key the digest of what is known of it in the end."""


def score_again(
    live: Kept,
    stretch: Stretch,
    maker: ScorerMaker,
    producer: Producer,
    tell: Callable[[int], None],
) -> Replayed:
    """Score a stretch from the shipped priors on; send the alerts, unsigned, and wait until they
    are kept. `tell` is told of each batch how many records it has."""
    gc.set_threshold(YOUNG)  # as the live loop does, for the same reason
    metrics = Metrics()
    task = DetectTask(
        Intake(producer, metrics, "replay"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        maker,
        metrics,
        store=None,
    )
    task.assigned(list(stretch))

    def take(batch: Sequence[Message]) -> None:
        task.process(batch)
        tell(len(batch))

    count = read(live, stretch, take)
    producer.flush()
    return Replayed(count, tuple(task.digests()))


def shares(stretch: Stretch, processes: int) -> list[Stretch]:
    """Divide the partitions that hold something among at most so many processes: the largest first,
    each to whoever has least so far."""
    found: list[Stretch] = [{} for _ in range(processes)]
    sizes = [0] * processes
    for partition, (first, last) in sorted(stretch.items(), key=lambda one: one[1][0] - one[1][1]):
        if first < last:
            place = sizes.index(min(sizes))
            found[place][partition] = (first, last)
            sizes[place] += last - first
    return [share for share in found if share]


def state(learned: Iterable[tuple[str, str]]) -> str:
    """Return one name for all that was learned: equal after equal records, however they were
    partitioned, batched or kept, and by however many processes they were scored."""
    return sha256(orjson.dumps(sorted(learned))).hexdigest()
