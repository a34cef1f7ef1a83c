import re
from pathlib import Path

from runtime.metrics import Metrics

ROOT = Path(__file__).parents[3]
ROOMS = (
    "assurance",
    "cli",
    "console",
    "detectors",
    "forensics",
    "incidents",
    "ingest",
    "neighbours",
    "paging",
    "responders",
    "runtime",
    "underwriting",
)


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


BOUNDED = {
    "asset", "brake", "chain", "channel", "detector", "endpoint", "fault", "hop", "kind", "le",
    "neighbour", "outcome", "partition", "place", "protocol", "reason", "result", "service", "set",
    "severity", "state", "topic", "who",
}  # fmt: skip
"""What configuration names, or a fixed list of ours: how many there are is no stranger's choice."""


def test_labels_are_bounded_by_configuration() -> None:
    metrics = [one for name, one in vars(Metrics()).items() if name != "registry"]
    assert {label for one in metrics for label in one._labelnames} <= BOUNDED


def test_a_process_shows_what_it_costs() -> None:
    assert (Metrics().registry.get_sample_value("process_resident_memory_bytes") or 0) > 0
