"""What the core set reaches on recordings that nothing shipped was fitted on.

    python -m bench.held_out HISTORIES EXPLOITS BENIGN [BENIGN ...] [--contracts CONTRACTS.jsonl.gz]
        [--seed N] [--report FILE]

Five folds over cases: a protocol's history, an incident and a block lie in one fold each; `--seed`
deals them out in another way. For each fold the model of likeness and the references of scores and
evidence are fitted anew on the other folds, by the recipes of `fit_likeness` and `fit_priors`, and
the fold's cases are scored blind. The priors of single features (histograms of counts) stay as
shipped; they know no labels.

With `--contracts` the code that transactions deploy is judged too, by a model that is fitted anew
by the recipe of `fit_code_model`, without all that is of a family with what the fold deploys.
Without them it is not: the shipped model has seen some of it.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from bench.fit_likeness import FOLDS, caps, fit, kin, named
from bench.fit_priors import BUDGET, FINALITY, Seen, histogram, is_payment, of_scores
from bench.held_cases import Cases, Recordings
from cli.backtest import judged
from cli.court_table import markdown
from detectors import likeness, priors
from detectors.api import Scope
from detectors.bytecode import model as code_model
from detectors.bytecode.model import CodeModel
from detectors.host import Host, is_inert
from detectors.rules import Rules
from detectors.scales import view_of
from detectors.scoring import Row, score_case
from detectors.sets import HostMaker, load_set
from detectors.tail import BINS, Reference
from runtime.settings import CORE
from schemas.manifest import Manifest


def model(data: Recordings, fold: int) -> dict[str, Any]:
    """Return the model of likeness fitted outside a fold."""
    rows, labels = [], []
    for label, cases in ((1, data.exploits), (0, data.benign)):
        for case, txs in cases.items():
            for tx in txs:
                if data.fold[case] != fold and likeness.whole(tx):
                    found = likeness.counts(tx)
                    rows.append([np.log1p(found[name]) for name in likeness.NAMES])
                    labels.append(label)
    x, y = np.array(rows), np.array(labels)
    top = caps(x, y)
    weights, bias = fit(np.minimum(x, top), y, kin(top))
    return {"bias": bias, "weights": named(weights), "caps": named(top)}


def observe(cases: Cases, manifests: Mapping[str, Manifest]) -> Seen:
    """Return scores and evidence of ordinary transactions that are more than a payment."""
    detectors = load_set(CORE, CORE)
    seen: Seen = defaultdict(lambda: defaultdict(list))
    for case, txs in cases.items():
        rules = Rules(set_name="core", finality=FINALITY, budget=BUDGET)
        host = Host(Scope("eip155:1", case, manifests.get(case)), rules, detectors)
        for tx in txs:
            if is_payment(tx):
                continue
            opinion, _ = host.take(tx)
            if opinion is not None and not is_inert(tx):
                of = seen[view_of(tx)]
                of[""].append(opinion.evidence)
                for view in opinion.views:
                    of[view.spec.name].append(view.score)
    return seen


@contextmanager
def shipped(
    fitted: dict[str, Any], scores: Seen, evidence: Seen, code: CodeModel | None = None
) -> Iterator[None]:
    """Let detectors and hosts start from these instead of what is shipped."""

    def expanded(values: list[float], name: str = "") -> Reference:
        bins: dict[str, float] = {}
        if values:
            bins = of_scores(name, values) if name else histogram(values)
        return Reference([bins.get(str(index), 0.0) for index in range(BINS)])

    def summed(_names: object, view: str) -> Reference | None:
        return expanded(evidence[view][""]) if evidence[view][""] else None

    held = likeness.model(fitted)
    read_code = code or code_model.shipped()
    with (
        patch.object(code_model, "shipped", lambda: read_code),
        patch.object(likeness, "shipped", lambda: held),
        patch.object(priors, "scores", lambda name, view: expanded(scores[view][name], name)),
        patch.object(priors, "evidence", summed),
    ):
        yield


def held_out(data: Recordings) -> dict[str, list[Row]]:
    """Return every case's rows, scored with nothing that was fitted on its fold."""
    found: dict[str, list[Row]] = {}
    nothing: Seen = defaultdict(lambda: defaultdict(list))
    everything = {**data.histories, **data.exploits, **data.benign}
    for fold in range(FOLDS):
        fitted = model(data, fold)
        rest = {**data.rest(data.benign, fold), **data.rest(data.histories, fold)}
        with shipped(fitted, nothing, nothing):
            scores = observe(rest, data.manifests)
        with shipped(fitted, scores, nothing):
            evidence = observe(rest, data.manifests)
        maker = HostMaker("core", load_set(CORE, CORE), data.manifests, lambda _chain: FINALITY)
        with shipped(fitted, scores, evidence, data.code(fold)):
            for case, txs in everything.items():
                if data.fold[case] == fold:
                    found[case] = list(score_case(case, data.subjects(txs), maker))
        sys.stderr.write(f"fold {fold + 1} of {FOLDS}\n")
    return found


def main() -> None:
    """Score, judge, print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.held_out")
    parser.add_argument("histories", type=Path)
    parser.add_argument("exploits", type=Path)
    parser.add_argument("benign", type=Path, nargs="+")
    parser.add_argument("--contracts", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path)
    asked = parser.parse_args()
    data = Recordings(asked.histories, asked.exploits, asked.benign, asked.contracts, asked.seed)
    found = judged(held_out(data), data.labels)
    found["command"] = "python -m bench.held_out HISTORIES EXPLOITS BENIGN..." + (
        " --contracts CONTRACTS" if asked.contracts else ""
    )
    if asked.report is not None:
        asked.report.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(markdown(found))


if __name__ == "__main__":
    main()
