"""From a record on the chain topic to its alert: the detect service as it is run, at given rates.

The clock starts when a record is handed to the producer and stops when a consumer of the alert
topic holds the alert. Probes that must alert travel among ordinary transactions; every one of them
has to arrive.
"""

import time
from collections.abc import Iterator, Sequence

from bench.place import Place
from bench.report import BrokenResultError, Figure, Section
from bench.services import service, until
from runtime.broker import Consumer, Partition
from schemas.headers import hops
from schemas.topics import ALERTS, DEAD_LETTERS, DETECTOR_STATE, TRANSACTIONS

TITLE = "Chain topic to alert"

SECONDS = 20
PROBES = 50
"""Per second."""
QUANTILES = (0.5, 0.99, 0.999)


def quantile(sorted_values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values does not exceed."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def measure(place: Place) -> Section:
    """Measure at each rate, with and without a burst in front."""
    space = place.space()
    broker = place.broker(space)
    broker.create((TRANSACTIONS, ALERTS, DEAD_LETTERS, DETECTOR_STATE))
    detect = service(place, space, "detect")
    alerts = broker.consumer()
    alerts.assign({Partition(ALERTS.name, n): 0 for n in range(ALERTS.partitions)})
    figures: list[Figure] = []
    seconds = 2 if place.short else SECONDS
    _round(place, (space, 1_000, seconds, PROBES, 0, 0), alerts)  # everything warm
    first = 1_000_000
    for rate, burst in ((200, 0), (200, 2_000), (1_000, 0), (1_000, 10_000), (5_000, 0)):
        at_once = burst and place.size(burst)
        taken = _round(place, (space, rate, seconds, PROBES, at_once, first), alerts)
        first += 1_000_000
        figures += _figures(rate, at_once, taken)
    alerts.close()
    detect.stop()
    return Section(TITLE, tuple(figures))


def _round(
    place: Place, asked: tuple[str, int, int, int, int, int], alerts: Consumer
) -> list[float]:
    """Feed once; return in order how many milliseconds each probe's alert took."""
    feed = place.start("bench.loops.feed", place.bootstrap, *asked)
    taken: list[float] = []

    def collect() -> None:
        for message in alerts.fetch(500, 0.05):
            now = time.time_ns()
            if (message.key or b"").startswith(b"p10"):
                taken.append((now - hops(message.headers)["received"]) / 1e6)

    while feed.poll() is None:
        collect()
    told = place.outcome(feed, "bench.loops.feed")

    def complete() -> bool:
        collect()
        return len(taken) >= int(told["probes"])

    until(complete, f"{told['probes']} alerts")
    if len(taken) > told["probes"] + 1:
        raise BrokenResultError(f"{len(taken)} alerts for {told['probes']} probes")
    return sorted(taken)


def _figures(rate: int, burst: int, taken: Sequence[float]) -> Iterator[Figure]:
    name = f"{rate:,} records/s" + (f" after {burst:,} at once" if burst else "")
    for share in QUANTILES:
        if share > 0.99 and len(taken) < 1 / (1 - share):
            continue
        aim = "at most 8" if (rate, share, burst) == (1_000, 0.99, 0) else ""
        note = f"{len(taken):,} alerts" if share == QUANTILES[0] else ""
        yield Figure(f"{name}, p{share * 100:g}", (quantile(taken, share),), "ms", aim, note)
