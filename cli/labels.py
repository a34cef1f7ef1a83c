"""What is known of recorded sets: read by `firebreak backtest` alone, never by scoring."""

import csv
from collections.abc import Iterable
from pathlib import Path

from detectors.court import Labels

ORDINARY = ("mev_blocks", "benign_traces")
"""Folders whose transactions are ordinary ones."""


def read_labels(path: Path, cases: Iterable[str]) -> Labels:
    """Join every INDEX.csv below a path with the cases that were scored.

    One with the columns `protocol` and `exploit_tx` tells the exploits of histories, one with `tx`
    and `name` single exploits.
    """
    exploits: dict[str, str] = {}
    attacked: set[str] = set()
    for index in sorted(path.rglob("INDEX.csv")):
        with index.open(newline="") as file:
            for row in csv.DictReader(file):
                if "exploit_tx" in row and "protocol" in row:
                    exploits[row["protocol"]] = row["exploit_tx"]
                elif "tx" in row and "name" in row:
                    attacked.add(row["tx"])
    found = list(cases)
    return Labels(
        exploits={case: exploits[_last(case)] for case in found if _last(case) in exploits},
        attacks=frozenset(case for case in found if _last(case) in attacked),
        ordinary=frozenset(case for case in found if set(case.split(".")) & set(ORDINARY)),
    )


def _last(case: str) -> str:
    return case.rpartition(".")[2]
