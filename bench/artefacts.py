"""Does anything score higher for the file it was read from than for what happened in it?

    python -m bench.artefacts EXPLOITS BENIGN [BENIGN ...]

The recorded attacks and the recorded ordinary transactions come from different tracers, chains and
years. Two questions, over the records as detectors get them:

- How well does a model tell attacks that is given nothing but what the source left in a record:
  its chain, which fields are there, how long names and numbers are written, where it stands in its
  file? Ridge logistic regression, out of fold, folds share no incident and no block. Well above
  one half means that the recordings differ in form, so a detector that looked could cheat.
- How well do the detectors tell them by these alone? Every record keeps all of that and gets one
  and the same content in place of its own; 0.5 means that no detector looks.
"""

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from bench.fit_likeness import FOLDS, Floats, fit, recorded
from detectors.api import Scope
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import address
from detectors.sets import load_set
from runtime.settings import CORE
from schemas.chain import Call, Flow, Transaction

OPTIONAL = ("block_hash", "sender", "to", "value", "selector", "ok", "gas_used", "posture")
PARTS = ("calls", "logs", "flows", "writes")

_ME, _ROUTER, _POOL, _GOLD, _SILVER, _LIBRARY = map(address, range(0x5001, 0x5007))

CALLS = (
    Call(depth=0, kind="call", sender=_ME, to=_ROUTER, selector="0x38ed1739"),
    Call(depth=1, kind="call", sender=_ROUTER, to=_GOLD, selector="0x23b872dd"),
    Call(depth=1, kind="call", sender=_ROUTER, to=_POOL, selector="0x022c0d9f"),
    Call(depth=2, kind="call", sender=_POOL, to=_SILVER, selector="0xa9059cbb"),
)
FLOWS = (
    Flow(token=_GOLD, sender=_ME, to=_POOL, amount=str(3 * 10**18)),
    Flow(token=_SILVER, sender=_POOL, to=_ME, amount=str(5 * 10**18)),
)


def artefacts(tx: Transaction, order: int) -> dict[str, float]:
    """Return what a record tells of its source and of nothing that happened."""
    found = {f"has {name}": float(getattr(tx, name) not in (None, "")) for name in OPTIONAL}
    found |= {f"sees {part}": float(part in tx.seen) for part in PARTS}
    envelope = msgspec.structs.replace(tx, calls=(), logs=(), flows=(), writes=(), created=())
    calls = tx.calls or (None,)
    return found | {
        "mainnet": float(tx.chain == "eip155:1"),
        "order": float(np.log1p(order)),
        "index": float(np.log1p(tx.index)),
        "has timestamp": float(tx.timestamp > 0),
        "digits of the block": float(len(str(tx.block))),
        "digits of the gas": float(len(tx.gas_used or "")),
        "bytes of the envelope": float(np.log(len(msgspec.json.encode(envelope)))),
        "error marks": float(any(call is not None and not call.ok for call in calls)),
        "implementations named": float(any(call is not None and call.code for call in calls)),
        "zeros written": float(any(flow.amount == "0" for flow in tx.flows)),
    }


def _calls(tx: Transaction) -> tuple[Call, ...]:
    """Return the common frames, with implementations named and errors marked where the source does
    so at all."""
    named = _LIBRARY if any(call.code for call in tx.calls) else None
    marks = any(not call.ok for call in tx.calls)
    *rest, last = (msgspec.structs.replace(call, code=named) for call in CALLS)
    return (*rest, msgspec.structs.replace(last, ok=not marks))


def emptied(tx: Transaction) -> Transaction:
    """Return the record with the same content as every other: one plain swap."""
    return msgspec.structs.replace(
        tx,
        sender=_ME if tx.sender else None,
        to=_ROUTER if tx.to else None,
        selector="0x38ed1739" if tx.selector is not None else None,
        ok=None if tx.ok is None else True,
        calls=_calls(tx) if "calls" in tx.seen else (),
        flows=FLOWS if "flows" in tx.seen else (),
        logs=(),
        writes=(),
        created=(),
        vast=(),
    )


def scores(txs: Iterable[Transaction]) -> Floats:
    """Return what the core set thinks of each record alone, before any history."""
    rules, detectors = Rules(set_name="core", finality=64, budget=1 / 400), load_set(CORE, CORE)
    hosts = ((Host(Scope(tx.chain, "case"), rules, detectors), tx) for tx in txs)
    return np.array([opinion.score for host, tx in hosts if (opinion := host.take(tx)[0])])


def area(found: Floats, y: NDArray[np.int64]) -> float:
    """Return the area under the ROC curve; ties count half."""
    good, bad = int((y == 0).sum()), int(y.sum())
    ranks = rankdata(found)
    return float((ranks[y == 1].sum() - bad * (bad + 1) / 2) / (bad * good))


class Records:
    """Recorded transactions with their labels, groups and artefacts."""

    def __init__(self, exploits: Path, benign: Iterable[Path]) -> None:
        with (exploits / "INDEX.csv").open() as file:
            incidents = {row["tx"]: row["name"] for row in csv.DictReader(file)}
        self.txs: list[Transaction] = []
        self.groups: list[str] = []
        labels: list[int] = []
        rows: list[list[float]] = []
        for label, case, order, tx in _labelled(exploits, benign):
            self.txs.append(tx)
            labels.append(label)
            self.groups.append(incidents.get(tx.tx) or case)
            rows.append(list(artefacts(tx, order).values()))
        self.x: Floats = np.array(rows)
        self.y: NDArray[np.int64] = np.array(labels)


def _labelled(
    exploits: Path, benign: Iterable[Path]
) -> Iterator[tuple[int, str, int, Transaction]]:
    for label, folder in [(1, exploits), *((0, each) for each in benign)]:
        order, before = 0, ""
        for case, tx in recorded(folder):
            order = order + 1 if case == before else 0
            before = case
            yield label, case, order, tx


def probe(of: Records, seed: int) -> float:
    """Return the area under the curve of a model of artefacts that saw neither incident nor
    block."""
    order = sorted(set(of.groups))
    np.random.default_rng(seed).shuffle(order)
    fold = {group: index % FOLDS for index, group in enumerate(order)}
    folds = np.array([fold[group] for group in of.groups])
    found = np.zeros(len(of.y))
    for held in range(FOLDS):
        rest = folds != held
        weights, bias = fit(of.x[rest], of.y[rest], np.zeros(of.x.shape[1]))
        found[~rest] = of.x[~rest] @ weights + bias
    return area(found, of.y)


def main() -> None:
    """Print both figures."""
    exploits, *benign = map(Path, sys.argv[1:])
    of = Records(exploits, benign)
    told = [probe(of, seed) for seed in range(5)]
    seen = area(scores(map(emptied, of.txs)), of.y)
    sys.stdout.write(f"a model of the artefacts in the records: AUC {np.mean(told):.3f}\n")
    sys.stdout.write(f"the core set, given nothing but these: AUC {seen:.3f}\n")


if __name__ == "__main__":
    main()
