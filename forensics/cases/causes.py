"""Hints at the root cause: which stated rules broke, what stood out, what the call tree shows.

They are hints: each names its source, and a person decides. Rules of the manifest come first,
because they say what must hold; statistics say only what is unusual.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from forensics.cases.analysis import Cause
from forensics.cases.transactions import Movement, Transaction
from schemas.alerts import Alert

MAX_CAUSES = 12

_RULE = 1e9
_SHAPE = 1e6
_MEANS = 1.0
"""A loan is a means, not a cause: what clearly stands out comes before it."""


_ABOUT = {"transaction": "", "deployment": "The attacker's contract: "}


def causes(
    alerts: Iterable[Alert],
    thefts: Iterable[Transaction],
    victims: frozenset[str],
    attackers: frozenset[str],
) -> tuple[Cause, ...]:
    """Return the hints, the strongest first; each once."""
    found: dict[str, Cause] = {}
    for cause in (*_shapes(list(thefts), victims, attackers), *_reasons(alerts)):
        before = found.get(cause.what)
        if before is None or before.weight < cause.weight:
            found[cause.what] = cause
    ordered = sorted(found.values(), key=lambda cause: -cause.weight)
    return tuple(ordered[:MAX_CAUSES])


def techniques(alerts: Iterable[Alert]) -> tuple[str, ...]:
    """Return the AADAPT ids that detectors which alerted named, the most frequent first."""
    named = Counter(
        vote.technique
        for alert in alerts
        for vote in alert.votes
        if vote.alerted and re.fullmatch(r"ADT[0-9]{4}(\.[0-9]{3})?", vote.technique)
    )
    return tuple(name for name, _ in named.most_common(8))


def _reasons(alerts: Iterable[Alert]) -> Iterator[Cause]:
    """Yield what detectors gave as reasons, once by detector and feature: the farthest from
    normal."""
    farthest: dict[tuple[str, str], Cause] = {}
    for alert in alerts:
        for vote in alert.votes:
            if not vote.alerted:
                continue
            rule = vote.tail == "rule"
            source = f"{vote.detector} {vote.version}, transaction {alert.tx[:18]}"
            for reason in vote.reasons:
                weight = _RULE if rule else min(abs(reason.distance), _SHAPE / 2)
                key = vote.detector, reason.feature
                if key not in farthest or farthest[key].weight < weight:
                    what = f"{_ABOUT[alert.subject]}{'Broken rule: ' * rule}{reason.text}"
                    farthest[key] = Cause(what=what, source=source, weight=weight)
    yield from farthest.values()


def _shapes(
    thefts: list[Transaction], victims: frozenset[str], attackers: frozenset[str]
) -> Iterator[Cause]:
    entered = [tx for tx in thefts if any(_reentered(tx, victim) for victim in victims)]
    if entered:
        yield Cause(
            what=f"The protocol was called again before it had finished, in {len(entered)} of "
            f"{len(thefts)} thefts (re-entrancy)",
            source=f"call tree of {entered[0].hash[:18]}",
            weight=_SHAPE,
        )
    lent = [tx for tx in thefts if _borrowed(tx.movements, victims | attackers)]
    if lent:
        yield Cause(
            what=f"Funds were borrowed and returned within the transaction, in {len(lent)} of "
            f"{len(thefts)} thefts (flash loan or flash swap)",
            source=f"movements of {lent[0].hash[:18]}",
            weight=_MEANS,
        )


def _reentered(tx: Transaction, victim: str) -> bool:
    """Say whether a contract is called by somebody else while a call of it is under way, by a way
    that led out of it."""
    open_: list[tuple[int, str]] = []
    for frame in tx.frames:
        while open_ and open_[-1][0] >= frame.depth:
            open_.pop()
        inside = [to for _, to in open_]
        if (
            frame.to == victim
            and frame.kind == "call"
            and frame.sender != victim
            and victim in inside
            and inside[-1] != victim
        ):
            return True
        open_.append((frame.depth, frame.to))
    return False


def _borrowed(movements: Iterable[Movement], parties: frozenset[str]) -> bool:
    """Say whether somebody got units of a token from a stranger, who is none of the `parties`, and
    gave him at least as many of it later on."""
    lent: dict[tuple[str, str, str], int] = {}
    for token, sender, to, amount in movements:
        before = 0 if to in parties else lent.get((token, to, sender), 0)
        if before and amount >= before:
            return True
        lent[token, sender, to] = lent.get((token, sender, to), 0) + amount
    return False
