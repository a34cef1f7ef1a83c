"""How much a transaction looks like the exploits of the past, whatever protocol it is about.

Twenty counts, none of which names an address, a selector of a protocol, a chain, a gas price or
anything else by which recordings differ; each as ln(1 + count), capped where ordinary life ends, so
that padding buys little. A logistic model weighs them; `bench/fit_likeness.py` fitted it, and
`docs/detection.md` holds its card.
"""

import json
import math
from collections.abc import Container, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from detectors import tree
from detectors.flows import (
    NOBODY,
    Loan,
    Net,
    emptied,
    free_gains,
    loans,
    net_flows,
    round_trips,
)
from detectors.initialisers import INITIALISERS
from detectors.midcall import callbacks, posing
from schemas.chain import Call, Transaction
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

APPROVE = "0x095ea7b3"
"""`approve(address,uint256)` of ERC-20."""

DUST = 1e18
"""Smallest units of a token below which a gain counts as none: one of a token with 18 decimals."""


def whole(tx: Transaction) -> bool:
    """Say whether the source saw the call tree from the sender on; a part of one has other counts
    and is not comparable."""
    return bool(tx.calls) and "calls" in tx.seen and tx.calls[0].sender == tx.sender


def counts(tx: Transaction) -> dict[str, float]:
    """Return the counts of a transaction whose call tree is `whole`."""
    calls = tx.calls
    root = calls[0].to
    born = {*tx.created, *tree.born(calls)}
    mine = frozenset({root, tx.sender or root, *born})
    net = net_flows(tx.flows)
    back = callbacks(calls, mine)
    own = [call for call in calls if call.sender in mine]
    repeats = tree.repeats(calls).values()
    burns = payments = 0
    for flow in tx.flows:
        to = flow.to
        burns += to == NOBODY
        payments += flow.sender in mine and to not in mine
    losers = [
        tokens
        for address, tokens in net.items()
        if address not in mine and address != NOBODY and max(tokens.values()) < 0.0
    ]
    kept = net.get(root, {})
    only_lost = bool(kept) and max(kept.values()) < 0.0
    free = free_gains(net, mine)
    lent = loans(tx.flows)
    return {
        "repeated": float(sum(repeats) - len(repeats)),
        "losses": float(sum(map(len, losers))),
        "loans": float(len(lent)),
        "callbacks": float(
            sum(call.kind not in tree.QUIET and call.selector != "" for call in back)
        ),
        "parties": float(len(net)),
        "free_gains": float(len(free)),
        "burns": float(burns),
        "kept": 0.0 if only_lost else float(sum(change > 0.0 for change in kept.values())),
        "reentries": float(sum(entry.times for entry in tree.reentries(calls))),
        "payments": float(payments),
        "posing": float(len(posing(back, mine))),
        "approvals": float(sum([call.selector == APPROVE for call in own])),
        "pressed": float(_pressed(own)),
        "gained": max([_decades(net, mine, token) for token in free], default=0.0),
        "emptied": float(len(emptied(tx.flows, net, mine))),
        "round_trips": float(len(round_trips(tx.flows, net, mine))),
        "coin": _coin(net, mine - {root} if only_lost else mine),
        "vast": float(len(tx.vast)),
        "left_over": _left_over(lent, net, mine),
        "set_up": float(_set_up(calls, born)),
    }


def _set_up(calls: Iterable[Call], born: Container[str]) -> int:
    """Return how many calls set up a contract that was there before. Whoever makes a contract most
    often sets it up at once."""
    return sum(
        call.kind == "call"
        and call.selector in INITIALISERS
        and call.to not in born
        and call.sender not in born
        for call in calls
    )


def _pressed(own: list[Call]) -> int:
    """Return how often the initiators' own contracts made the call that they made most often."""
    times: dict[tuple[str, str], int] = {}
    for call in own:
        if call.depth and call.kind not in tree.QUIET:
            called = call.to, call.selector
            times[called] = times.get(called, 0) + 1
    return max(times.values(), default=0)


def _coin(net: Net, side: frozenset[str]) -> float:
    """Return by how many powers of ten the coin that these addresses gained for nothing exceeds one
    whole. Of all tokens only the coin is worth about the same in every transaction of a chain."""
    gain = _decades(net, side, NATIVE)
    return gain if gain and NATIVE in free_gains(net, side) else 0.0


def _left_over(lent: Iterable[Loan], net: Net, mine: frozenset[str]) -> float:
    """Return how many tenths of a loan these addresses had left of its token in the end, ten at
    most: what an exchange of borrowed funds can honestly earn is a small share of them."""
    shares = (_gain(net, mine, loan.token) / loan.amount for loan in lent if loan.amount)
    return 10.0 * min(1.0, max(0.0, max(shares, default=0.0)))


def _decades(net: Net, mine: frozenset[str], token: str) -> float:
    """Return by how many powers of ten what these addresses gained exceeds `DUST`."""
    gain = _gain(net, mine, token)
    return math.log10(gain / DUST) if gain > DUST else 0.0


def _gain(net: Net, mine: frozenset[str], token: str) -> float:
    return sum(net[address].get(token, 0.0) for address in mine if address in net)


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
    """Return what each count adds to the logarithm of the likelihood ratio, in nats."""
    return {
        name: weight * min(cap, math.log1p(value)) if value > 0.0 else 0.0
        for name, weight, cap in shipped().weights
        if (value := x.get(name)) is not None
    }


def log_ratio(x: Mapping[str, float]) -> float:
    """Return ln P(counts | exploit) / P(counts | ordinary), as the model has it."""
    return shipped().bias + sum(terms(x).values())
