"""How much a transaction looks like the exploits of the past, whatever protocol it is about.

Ten counts, none of which names an address, a selector of a protocol, a chain, a gas price or
anything else by which recordings differ; each as ln(1 + count), capped where ordinary life ends, so
that padding buys little. A logistic model weighs them; `bench/fit_likeness.py` fitted it, and
`docs/detection.md` holds its card.
"""

import json
import math
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

from detectors import tree
from detectors.flows import NOBODY, free_gains, loans, net_flows
from schemas.chain import Transaction

NAMES = (
    "repeated",
    "losses",
    "loans",
    "callbacks",
    "parties",
    "free_gains",
    "burns",
    "kept",
    "reentries",
    "payments",
)


def whole(tx: Transaction) -> bool:
    """Say whether the source saw the call tree from the sender on; a part of one has other counts
    and is not comparable."""
    return bool(tx.calls) and "calls" in tx.seen and tx.calls[0].sender == tx.sender


def counts(tx: Transaction) -> dict[str, float]:
    """Return the counts of a transaction whose call tree is `whole`."""
    root = tx.calls[0].to
    born = {call.to for call in tx.calls if call.kind == "create"}
    mine = frozenset({root, tx.sender or root, *tx.created, *born})
    net = net_flows(tx.flows)
    repeats = Counter(
        (call.sender, call.to, call.selector) for call in tx.calls if call.kind not in tree.QUIET
    )
    losers = [
        tokens
        for address, tokens in net.items()
        if address not in mine and address != NOBODY and max(tokens.values()) < 0.0
    ]
    kept = net.get(root, {})
    only_lost = bool(kept) and max(kept.values()) < 0.0
    return {
        "repeated": float(sum(times - 1 for times in repeats.values())),
        "losses": float(sum(map(len, losers))),
        "loans": float(len(loans(tx.flows))),
        "callbacks": float(
            sum(
                call.depth > 0
                and call.to in mine
                and call.sender not in mine
                and call.kind not in tree.QUIET
                and call.selector != ""
                for call in tx.calls
            )
        ),
        "parties": float(len(net)),
        "free_gains": float(len(free_gains(net, mine))),
        "burns": float(sum(flow.to == NOBODY for flow in tx.flows)),
        "kept": 0.0 if only_lost else float(sum(change > 0.0 for change in kept.values())),
        "reentries": float(sum(entry.times for entry in tree.reentries(tx.calls))),
        "payments": float(sum(f.sender in mine and f.to not in mine for f in tx.flows)),
    }


@cache
def _fitted() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("detectors") / "likeness.json").read_text())
    return found


def terms(x: dict[str, float]) -> dict[str, float]:
    """Return what each count adds to the logarithm of the likelihood ratio, in nats."""
    weights, caps = _fitted()["weights"], _fitted()["caps"]
    return {
        name: weights[name] * min(caps[name], math.log1p(max(0.0, x[name])))
        for name in NAMES
        if name in x
    }


def log_ratio(x: dict[str, float]) -> float:
    """Return ln P(counts | exploit) / P(counts | ordinary), as the model has it."""
    bias: float = _fitted()["bias"]
    return bias + sum(terms(x).values())
