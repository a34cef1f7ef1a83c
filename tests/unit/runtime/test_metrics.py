import re
from pathlib import Path

from runtime.metrics import Metrics

ROOT = Path(__file__).parents[3]
ROOMS = ("cli", "console", "detectors", "incidents", "ingest", "responders", "runtime")


def test_every_metric_is_set_by_somebody() -> None:
    names = vars(Metrics()).keys() - {"registry"}
    code = "\n".join(
        path.read_text()
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name != "metrics.py"
    )
    used = set(re.findall(r"metrics\.(\w+)", code))
    assert names <= used


def test_a_process_shows_what_it_costs() -> None:
    assert (Metrics().registry.get_sample_value("process_resident_memory_bytes") or 0) > 0
