"""Flame graphs of the hot loops, as the services run them, on the real broker."""

from pathlib import Path

from bench.detect import FULL, fill, source
from bench.place import RESULTS, Place
from schemas.topics import ALERTS, DEAD_LETTERS

FLAMES = RESULTS / "flames"

LOOPS = {
    "detect-transactions": ("own", "transactions"),
    "detect-events": ("own", "events"),
    "replay-transactions": ("history", "transactions"),
}


def draw(place: Place) -> list[Path]:
    """Run each loop under the profiler; return the pages, one each."""
    FLAMES.mkdir(parents=True, exist_ok=True)
    pages = []
    for name, (module, kind) in LOOPS.items():
        space = place.space()
        broker = place.broker(space)
        spec, records = source(kind, place.size(FULL[kind]) // 4)
        broker.create((spec, ALERTS, DEAD_LETTERS))
        count = fill(broker, spec, records)
        page = FLAMES / f"{name}.html"
        profiled = ("-r", "html", "-i", "0.001", "-o", page, "-m", f"bench.loops.{module}")
        place.child("pyinstrument", *profiled, place.bootstrap, space, kind, count, 0)
        pages.append(page)
    return pages
