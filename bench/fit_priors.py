"""Fits `detectors/priors.json` on recorded benign transactions.

    python -m bench.fit_priors HISTORIES FOLDER [FOLDER ...]

HISTORIES is a folder of protocol histories with an INDEX.csv that names the exploits, which are
left out. Each FOLDER holds recorded transactions known to be benign, in any shape that
`firebreak score` reads. What is fitted, and on what, is told in `docs/detection.md`. The same
folders give the same file, byte for byte.

Three steps, each in a process that has read what the one before it wrote: priors of features (from
the folders), scores that the detectors give with them, and the evidence that these add up to (both
from the folders and the histories, each transaction scored before it is learned), apart for
sources that see storage, call trees or logs alone.
"""

import csv
import json
import math
import statistics
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cli.score import manifest_of
from detectors.api import Scope
from detectors.baseline import to_tail
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.call_shape import CallShape
from detectors.builtin.price_move import PriceMove
from detectors.featured import FeatureDetector
from detectors.host import Host, is_inert
from detectors.market.api import PriceDetector
from detectors.rules import Rules
from detectors.scales import view_of
from detectors.sets import load_set
from detectors.tail import BIN, BINS
from ingest.decode import Decoder
from ingest.files import contracts, read
from ingest.normalise import transactions
from ingest.raw import RawBlock
from ingest.watch import Watch
from runtime.settings import CORE
from schemas.chain import Transaction

REFERENCE_WEIGHT = 400.0
"""How many transactions of a protocol's own weigh as much as a shipped reference."""

SIZE_WEIGHT = 10.0
"""How many sizes of a member's own weigh as much as a shipped prior."""

VERSION = 2
STEPS = ("--features", "--scores", "--evidence")
FINALITY, BUDGET = 64, 1 / 400
TARGET = Path(__file__).parent.parent / "detectors" / "priors.json"
MADE: tuple[type[FeatureDetector], ...] = (AssetOutflow, PriceMove, CallShape)


Case = tuple[str, list[Transaction]]


def benign(folders: Iterable[Path], besides: frozenset[str] = frozenset()) -> Iterator[Case]:
    """Yield every case below the folders, with its transactions that are more than a plain payment.

    A protocol sees only transactions that reach it; a payment between two people never does.
    """
    decoder = Decoder()
    for folder in folders:
        for case, items in groupby(read(folder), key=lambda item: item.case):
            watch = Watch.everything(case)
            yield (
                case,
                [
                    tx
                    for item in items
                    if isinstance(item.body, RawBlock)
                    for raw in item.body.transactions
                    for tx in transactions(item.body, raw, watch, decoder)
                    if (len(tx.calls) > 1 or tx.logs or tx.writes) and tx.tx not in besides
                ],
            )


def fit(sample: list[Transaction]) -> dict[str, Any]:
    """Return the whole file: priors of features first, then the scores that they give."""
    found = {make.spec.name: _features(make, sample) for make in MADE}
    return {"version": VERSION, "transactions": len(sample), "detectors": found, "evidence": {}}


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


def histogram(scaled: Iterable[float], weight: float = REFERENCE_WEIGHT) -> dict[str, float]:
    """Return the bins in use with their shares of a weight."""
    bins = Counter(min(BINS - 1, int(value / BIN)) for value in scaled)
    total = sum(bins.values())
    return {str(index): round(weight * count / total, 4) for index, count in sorted(bins.items())}


def of_scores(name: str, values: list[float]) -> dict[str, float]:
    """Return a detector's reference. What a trained one says means the same in every protocol, so
    its reference weighs as much as was measured, where that is more."""
    measured = len(values) if name in _trained() else 0
    return histogram(values, max(REFERENCE_WEIGHT, measured))


@cache
def _trained() -> frozenset[str]:
    return frozenset(name for name, made in load_set(CORE, CORE).items() if made.spec.trained)


Seen = dict[str, dict[str, list[float]]]
"""By view, by detector ("" for the evidence of all): one number per transaction."""


def observe(histories: Path, folders: list[Path]) -> Seen:
    """Return the scores of each detector and the evidence of the set; cases share nothing, and
    each is scored in order before it is learned from."""
    detectors = load_set(CORE, CORE)
    known = contracts(histories)
    with (histories / "INDEX.csv").open() as file:
        exploits = frozenset(row["exploit_tx"] for row in csv.DictReader(file))
    seen: Seen = defaultdict(lambda: defaultdict(list))
    for case, sample in benign([*folders, histories], besides=exploits):
        manifest = manifest_of(case, known[case]) if case in known else None
        rules = Rules(set_name="core", finality=FINALITY, budget=BUDGET)
        host = Host(Scope("eip155:1", case, manifest), rules, detectors)
        for tx in sample:
            opinion, _ = host.take(tx)
            if opinion is not None and not is_inert(tx):
                of = seen[view_of(tx)]
                of[""].append(opinion.evidence)
                for view in opinion.views:
                    of[view.spec.name].append(view.score)
    return seen


def main() -> None:
    """Take the step that the command line names, the first without one, then the next."""
    step = sys.argv[1] if sys.argv[1] in STEPS else STEPS[0]
    histories, *folders = map(Path, [name for name in sys.argv[1:] if name not in STEPS])
    if step == STEPS[0]:
        fitted = fit([tx for _, sample in benign(folders) for tx in sample])
    else:
        fitted = json.loads(TARGET.read_text())
        seen = observe(histories, folders)
        fused = [
            name
            for name, make in load_set(CORE, CORE).items()
            if not make.spec.rule
            and not (isinstance(make, type) and issubclass(make, PriceDetector))
        ]
        if step == STEPS[1]:
            for name in fused:
                entry = fitted["detectors"].setdefault(name, {"sizes": {}, "counts": {}})
                entry["scores"] = {
                    view: of_scores(name, of[name]) for view, of in sorted(seen.items())
                }
        else:
            told = {view: histogram(of[""]) for view, of in sorted(seen.items())}
            fitted["evidence"]["+".join(fused)] = told
    TARGET.write_text(json.dumps(fitted, indent=1) + "\n")
    for following in STEPS[STEPS.index(step) + 1 :][:1]:
        command = [sys.executable, "-m", "bench.fit_priors", following]
        subprocess.run([*command, str(histories), *map(str, folders)], check=True)  # noqa: S603 - this very module


if __name__ == "__main__":
    main()
