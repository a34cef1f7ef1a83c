"""How much a transaction looks like the exploits of the past, whatever protocol it is about.

Twenty counts, none of which names an address, a selector of a protocol, a chain, a gas price or
anything else by which recordings differ; each as ln(1 + count), capped where ordinary life ends, so
that padding buys little. A logistic model weighs them; `bench/fit_likeness.py` fitted it, and
`docs/detection.md` holds its card.
"""

import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from detectors import tree
from detectors.conduct import conduct
from detectors.flows import (
    NOBODY,
    Loan,
    books,
    emptied,
    free_gains,
    round_trips,
    together,
)
from schemas.chain import Flow, Transaction
from schemas.units import NATIVE

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
    "posing",
    "approvals",
    "pressed",
    "gained",
    "emptied",
    "round_trips",
    "coin",
    "vast",
    "left_over",
    "set_up",
)

DUST = 1e18
"""Smallest units of a token below which a gain counts as none: one of a token with 18 decimals."""


def whole(tx: Transaction) -> bool:
    """Say whether the source saw the call tree from the sender on; a part of one has other counts
    and is not comparable."""
    return bool(tx.calls) and "calls" in tx.seen and tx.calls[0].sender == tx.sender


def counts(tx: Transaction) -> dict[str, float]:
    """Return the counts of a transaction whose call tree is `whole`."""
    calls, flows = tx.calls, tx.flows
    shape, told = tree.shape(calls), books(flows)
    net = told.net
    root = calls[0].to
    born = {*tx.created, *shape.born}
    mine = frozenset({root, tx.sender or root, *born})
    acts = conduct(calls, mine, born)
    burns = payments = 0.0
    asked: list[Flow] = []
    for flow in flows:
        to = flow.to
        if to == NOBODY:
            burns += 1.0
        if to not in mine and flow.sender in mine:
            payments += 1.0
        if flow.held is not None:
            asked.append(flow)
    left = net.get(root, {})
    kept = [token for token, change in left.items() if change > 0.0]
    only_lost = bool(left) and not kept
    total = together(net, mine)
    free = free_gains(total)
    return {
        "repeated": float(sum(shape.repeats.values()) - len(shape.repeats)),
        "losses": float(sum([len(net[loser]) for loser in told.losing if loser not in mine])),
        "loans": float(len(told.loans)),
        "callbacks": acts.callbacks,
        "parties": float(len(net)),
        "free_gains": float(len(free)),
        "burns": burns,
        "kept": float(len(kept)),
        "reentries": float(sum([entry.times for entry in shape.reentries])),
        "payments": payments,
        "posing": acts.posing,
        "approvals": acts.approvals,
        "pressed": acts.pressed,
        "gained": max([_decades(total[token]) for token in free]) if free else 0.0,
        "emptied": float(len(emptied(asked, net, mine))) if asked else 0.0,
        "round_trips": float(len(round_trips(flows, net, mine))),
        "coin": _coin(together(net, mine - {root}) if only_lost else total),
        "vast": float(len(tx.vast)),
        "left_over": _left_over(told.loans, total) if told.loans else 0.0,
        "set_up": acts.set_up,
    }


def _coin(total: Mapping[str, float]) -> float:
    """Return by how many powers of ten the coin that was gained for nothing exceeds one whole. Of
    all tokens only the coin is worth about the same in every transaction of a chain."""
    gain = _decades(total.get(NATIVE, 0.0))
    return gain if gain and NATIVE in free_gains(total) else 0.0


def _left_over(lent: Iterable[Loan], total: Mapping[str, float]) -> float:
    """Return how many tenths of a loan were left of its token in the end, ten at most: what an
    exchange of borrowed funds can honestly earn is a small share of them."""
    shares = [total.get(loan.token, 0.0) / loan.amount for loan in lent if loan.amount]
    return 10.0 * min(1.0, max(0.0, *shares)) if shares else 0.0


def _decades(gain: float) -> float:
    """Return by how many powers of ten a gain exceeds `DUST`."""
    return math.log10(gain / DUST) if gain > DUST else 0.0


class Model(NamedTuple):
    """What was fitted."""

    bias: float
    weights: tuple[tuple[str, float, float], ...]
    """Of each count its name, its weight, and where its logarithm is capped."""


def model(fitted: Mapping[str, Any]) -> Model:
    """Return the model that a fitted file holds."""
    weights, caps = fitted["weights"], fitted["caps"]
    return Model(fitted["bias"], tuple((name, weights[name], caps[name]) for name in NAMES))


@cache
def shipped() -> Model:
    """Return the model that comes with this package."""
    return model(json.loads((files("detectors") / "likeness.json").read_text()))


def terms(x: Mapping[str, float]) -> dict[str, float]:
    """Return what each count adds to the logarithm of the likelihood ratio, in nats; one of nought
    adds nothing and is left out."""
    return {
        name: weight * min(cap, math.log1p(x[name]))
        for name, weight, cap in shipped().weights
        if x.get(name, 0.0) > 0.0
    }


def log_ratio(x: Mapping[str, float]) -> float:
    """Return ln P(counts | exploit) / P(counts | ordinary), as the model has it: its bias and all
    `terms`, without a table of them."""
    bias, weights = shipped()
    total = 0.0
    for name, weight, cap in weights:
        count = x.get(name, 0.0)
        if count > 0.0:
            grown = math.log1p(count)
            total += weight * cap if grown > cap else weight * grown
    return bias + total
