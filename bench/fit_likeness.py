"""Fits `detectors/likeness.json`: the shipped model of `detectors.likeness`.

    python -m bench.fit_likeness EXPLOITS BENIGN [BENIGN ...]

EXPLOITS is a folder of recorded exploit transactions with an INDEX.csv that names each one's
incident; the BENIGN folders hold ordinary ones. The folders give labels and groups and nothing
else. Logistic regression on the counts of `detectors.likeness`, its weights drawn towards a common
one; the same folders give the same file. What is printed is measured out of fold: folds never share
an incident or a block, five folds, twenty-four seeds.
"""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from detectors import likeness
from ingest.decode import Decoder
from ingest.files import read
from ingest.normalise import transactions
from ingest.raw import RawBlock
from ingest.watch import Watch
from schemas.chain import Transaction

Floats = NDArray[np.float64]

RIDGE = 10.0
"""Weight of the squared deviations (of standardised counts) against the log-likelihood."""
ORDINARY = frozenset({"parties", "burns", "kept", "payments"})
"""Counts of what honest business does too: nothing is believed of them beforehand."""
CAPS = (99.9, 90.0)
"""Percentiles of the benign counts and of the exploits'; the larger of the two caps a count, and
never below one: what is rare among both still counts once."""
FOLDS, SEEDS = 5, 24
TARGET = Path(__file__).parent.parent / "detectors" / "likeness.json"


def recorded(folder: Path) -> Iterator[tuple[str, Transaction]]:
    """Yield (case, transaction) for everything below a folder."""
    decoder = Decoder()
    for item in read(folder):
        if isinstance(item.body, RawBlock):
            watch = Watch.everything(item.case)
            for raw in item.body.transactions:
                for tx in transactions(item.body, raw, watch, decoder):
                    yield item.case, tx


class Sample:
    """Counts, labels and groups."""

    def __init__(self, exploits: Path, benign: Iterable[Path]) -> None:
        with (exploits / "INDEX.csv").open() as file:
            incidents = {row["tx"]: row["name"] for row in csv.DictReader(file)}
        rows: list[list[float]] = []
        self.groups: list[str] = []
        labels: list[int] = []
        self.frames: list[int] = []
        for label, folder in [(1, exploits), *((0, each) for each in benign)]:
            for case, tx in recorded(folder):
                if likeness.whole(tx):
                    found = likeness.counts(tx)
                    rows.append([np.log1p(found[name]) for name in likeness.NAMES])
                    name = case.rpartition(".")[2]
                    self.groups.append(incidents.get(tx.tx) or incidents.get(name) or case)
                    labels.append(label)
                    self.frames.append(len(tx.calls))
        self.x: Floats = np.array(rows)
        self.y: NDArray[np.int64] = np.array(labels)


def caps(x: Floats, y: NDArray[np.int64]) -> Floats:
    """Return where each count is capped."""
    ordinary, exploits = CAPS
    found: Floats = np.maximum(
        np.percentile(x[y == 0], ordinary, axis=0), np.percentile(x[y == 1], exploits, axis=0)
    )
    return np.maximum(found, np.log1p(1.0))


def kin(top: Floats) -> Floats:
    """Return what the common weight is worth per count: as much for each technique at its cap."""
    share: Floats = np.array([name not in ORDINARY for name in likeness.NAMES]) / top
    return share


def fit(x: Floats, y: NDArray[np.int64], common: Floats) -> tuple[Floats, float]:
    """Return weights per count and the bias of the likelihood ratio, prior odds taken out.

    The weights are a multiple of `common`, which costs nothing, and deviations that cost `RIDGE`:
    what few exploits show is believed to say as much as the techniques that many show (shrinkage
    towards a common mean: Efron, Morris, JASA 70, 1975). With `common` all nought this is ridge
    regression, which believes that it says nothing.
    """
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = np.column_stack([x @ common, (x - mean) / spread])
    cost = RIDGE * np.array([0.0, *np.ones(x.shape[1])])

    def loss(w: Floats) -> tuple[float, Floats]:
        margin = z @ w[1:] + w[0]
        value = float(np.sum(np.logaddexp(0.0, margin) - y * margin) + cost @ w[1:] ** 2 / 2)
        gap = expit(margin) - y
        return value, np.concatenate([[gap.sum()], z.T @ gap + cost * w[1:]])

    w = minimize(loss, np.zeros(z.shape[1] + 1), jac=True, method="L-BFGS-B").x
    deviations = w[2:] / spread
    odds = float(np.log(y.sum() / (len(y) - y.sum())))
    return w[1] * common + deviations, float(w[0] - deviations @ mean - odds)


def out_of_fold(sample: Sample, seed: int) -> Floats:
    """Return scores of a model that saw neither the incident nor the block."""
    order = sorted(set(sample.groups))
    np.random.default_rng(seed).shuffle(order)
    fold = {group: index % FOLDS for index, group in enumerate(order)}
    folds = np.array([fold[group] for group in sample.groups])
    scores = np.zeros(len(sample.y))
    for held in range(FOLDS):
        rest = folds != held
        top = caps(sample.x[rest], sample.y[rest])
        weights, bias = fit(np.minimum(sample.x[rest], top), sample.y[rest], kin(top))
        scores[~rest] = np.minimum(sample.x[~rest], top) @ weights + bias
    return scores


def recall(scores: Floats, y: NDArray[np.int64], false_alerts: float) -> float:
    """Return the share of exploits above the score that so many benign ones exceed."""
    benign = np.sort(scores[y == 0])[::-1]
    return float((scores[y == 1] > benign[int(false_alerts * len(benign))]).mean())


def main() -> None:
    """Fit, write, and say what held out of fold."""
    exploits, *benign = map(Path, sys.argv[1:])
    fitted = fit_file(Sample(exploits, benign))
    TARGET.write_text(json.dumps(fitted, indent=1) + "\n")
    sys.stdout.write(json.dumps(fitted["out of fold"], indent=1) + "\n")


def fit_file(sample: Sample) -> dict[str, Any]:
    """Return what is shipped: the model, and what it reached out of fold."""
    large = np.array(sample.frames) >= 10
    found = []
    for seed in range(SEEDS):
        scores = out_of_fold(sample, seed)
        found.append(
            [
                recall(scores, sample.y, 0.0016),
                recall(scores, sample.y, 0.01),
                recall(scores[large], sample.y[large], 0.01),
            ]
        )
    names = ("recall at 0.16%", "recall at 1%", "recall at 1%, 10 frames or more")
    measured = dict(zip(names, np.mean(found, axis=0).round(3).tolist(), strict=True))
    top = caps(sample.x, sample.y)
    weights, bias = fit(np.minimum(sample.x, top), sample.y, kin(top))
    return {
        "version": 1,
        "exploits": int(sample.y.sum()),
        "benign": int(len(sample.y) - sample.y.sum()),
        "out of fold": measured,
        "bias": round(bias, 4),
        "weights": named(weights),
        "caps": named(top),
    }


def named(values: Floats) -> dict[str, float]:
    """Return values by the name of their count."""
    return {
        name: round(float(value), 4) for name, value in zip(likeness.NAMES, values, strict=True)
    }


if __name__ == "__main__":
    main()
