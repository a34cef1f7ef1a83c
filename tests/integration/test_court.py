"""What was reached on recorded protocol histories must not be lost again."""

from collections import defaultdict
from pathlib import Path

import pytest

from cli.backtest import judged
from cli.labels import read_labels
from cli.score import blind_rows
from detectors.scoring import Row

pytestmark = pytest.mark.slow


def test_every_history_is_alerted_and_ranks_its_exploit_first_or_second(data: Path) -> None:
    rows: dict[str, list[Row]] = defaultdict(list)
    problems: list[str] = []
    path = data / "protocol_histories"
    for row in blind_rows(path, "core", problems):
        rows[row.case].append(row)
    found = judged(rows, read_labels(path, rows))["histories"]
    alerted, exploits = found["recall"][:2]
    false, benign = found["false_alerts"][:2]
    assert (alerted, exploits, found["first_or_second"]) == (6, 6, 6)
    assert false / benign <= 0.0026
