"""Fits `detectors/priors.json` on recorded benign transactions.

    python -m bench.fit_priors FOLDER [FOLDER ...]

Each folder holds recorded transactions known to be benign, in any shape that `firebreak score`
reads. What is fitted, and on what, is told in `docs/detection.md`. The same folders give the same
file, byte for byte.
"""

import json
import math
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from detectors.api import Scope
from detectors.baseline import to_tail
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.call_shape import CallShape
from detectors.builtin.price_move import PriceMove
from detectors.featured import FeatureDetector
from detectors.tail import BIN, BINS
from ingest.decode import Decoder
from ingest.files import read
from ingest.normalise import transactions
from ingest.raw import RawBlock
from ingest.watch import Watch
from schemas.chain import Transaction

REFERENCE_WEIGHT = 400.0
"""How many transactions of a protocol's own weigh as much as a shipped reference."""

SIZE_WEIGHT = 10.0
"""How many sizes of a member's own weigh as much as a shipped prior."""

VERSION = 1
SECOND_STEP = "--scores"
TARGET = Path(__file__).parent.parent / "detectors" / "priors.json"
MADE: tuple[type[FeatureDetector], ...] = (AssetOutflow, PriceMove, CallShape)


def benign(folders: Iterable[Path]) -> Iterator[Transaction]:
    """Yield every transaction below the folders that is more than a plain payment.

    A protocol sees only transactions that reach it; a payment between two people never does.
    """
    decoder = Decoder()
    for folder in folders:
        for item in read(folder):
            if isinstance(item.body, RawBlock):
                watch = Watch.everything(item.case)
                for raw in item.body.transactions:
                    for tx in transactions(item.body, raw, watch, decoder):
                        if len(tx.calls) > 1 or tx.logs:
                            yield tx


def fit(sample: list[Transaction]) -> dict[str, Any]:
    """Return the whole file: priors of features first, then the scores that they give."""
    found = {make.spec.name: _features(make, sample) for make in MADE}
    return {"version": VERSION, "transactions": len(sample), "detectors": found}


def _features(make: type[FeatureDetector], sample: list[Transaction]) -> dict[str, Any]:
    detector = make(Scope("eip155:1", "reference"))
    values: dict[str, list[float]] = defaultdict(list)
    for tx in sample:
        for name, value in detector.features(tx).items():
            values[name.partition(":")[0]].append(value)
    sizes, counts = {}, {}
    for family, seen in sorted(values.items()):
        if family in _SIZES:
            sizes[family] = [*_SIZES[family](seen), SIZE_WEIGHT]
        else:
            counts[family] = histogram(map(to_tail, seen))
    return {"sizes": sizes, "counts": counts, "scores": {}}


def _spread_of_movements(seen: list[float]) -> list[float]:
    logarithms = [math.log(max(value, 1e-4)) for value in seen]
    return [round(statistics.mean(logarithms), 3), round(statistics.stdev(logarithms), 3)]


def _spread_of_amounts(_seen: list[float]) -> list[float]:
    """Amounts of one token vary by about a factor of ten to either side; their scale is unknown."""
    return [0.0, 2.3]


_SIZES = {"price_move": _spread_of_movements, "outflow": _spread_of_amounts}


def histogram(scaled: Iterable[float]) -> dict[str, float]:
    """Return the bins in use with their shares of `REFERENCE_WEIGHT`."""
    bins = Counter(min(BINS - 1, int(value / BIN)) for value in scaled)
    total = sum(bins.values())
    return {
        str(index): round(REFERENCE_WEIGHT * count / total, 4)
        for index, count in sorted(bins.items())
    }


def scores(sample: list[Transaction]) -> dict[str, dict[str, float]]:
    """Return per detector the histogram of the scores that it gives before it has learned
    anything but the shipped priors."""
    found = {}
    for make in MADE:
        detector = make(Scope("eip155:1", "reference"))
        found[make.spec.name] = histogram(
            detector.score_one(detector.features(tx)) for tx in sample
        )
    return found


def main() -> None:
    """Fit the features, then, in a process that has read them, the scores."""
    second_step = sys.argv[1:2] == [SECOND_STEP]
    folders = sys.argv[1 + second_step :]
    sample = list(benign(map(Path, folders)))
    if second_step:
        fitted = json.loads(TARGET.read_text())
        for name, found in scores(sample).items():
            fitted["detectors"][name]["scores"] = found
    else:
        fitted = fit(sample)
    TARGET.write_text(json.dumps(fitted, indent=1) + "\n")
    if not second_step:
        command = [sys.executable, "-m", "bench.fit_priors", SECOND_STEP, *folders]
        subprocess.run(command, check=True)  # noqa: S603 - this very module


if __name__ == "__main__":
    main()
