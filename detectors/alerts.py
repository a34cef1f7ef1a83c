"""From the views of single detectors to one opinion, and from an opinion to an alert. Pure.

Fusion is Fisher's statistic, the sum of -ln p over the detectors (Statistical Methods for Research
Workers, 1932, 21.1), but not his table: detectors share features, decoders and a node, so their
p-values are not independent. The sum is compared with the protocol's own sums instead, by the same
online tail that calibrates single scores. Until there are any, the reference is what independent
detectors would give, a gamma distribution. A detector that was trained on attacks has a share of
the budget of its own beside the sum.
"""

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import msgspec
from scipy.special import gammainc

from detectors.api import Explanation, Spec
from detectors.rules import Rules
from detectors.tail import (
    BIN,
    BINS,
    NO_REFERENCE,
    SMALLEST,
    OnlineTail,
    Rarity,
    Reference,
)
from schemas import links
from schemas.alerts import Alert, Severity, Vote
from schemas.chain import Transaction
from schemas.ids import content_id

REFERENCE_WEIGHT = 400.0
"""How many transactions of a protocol's own weigh as much as the reference."""

STRANGER_WARM_UP = 50
"""Transactions that a stranger's detector learns from, at least, before its vote counts: nothing
shipped says how its scores are spread."""

EXCEPTION = 10.0
"""One detector may alert by itself at its p-value times this and the number of detectors: ten times
what Bonferroni asks, so the exception adds at most a tenth of the budget to the sum's. Without it a
sum that is ordinary drowns a single voice that is as sure as it can be."""

FOREIGN, AT_HOME = 2.0, 10.0
"""How much more common a sum is taken to be than the reference of other protocols has it, before
the protocol has a history; and after how many transactions half of the excess is gone. Protocols
differ from each other more than the transactions of one do: held out (`bench.held_out`), 0.86% of
the first hundred transactions of a protocol alerted without it, at a budget of 0.25%, and 0.15% of
the later ones."""

TRAINED_FIRST, TRAINED_LAST, HALF_WAY = 0.8, 0.2, 400.0
"""The share of the budget that is a trained detector's own: before the protocol has a history, at
last, and after how many transactions it is half way between. Until then the sum tells how large and
new a transaction is, which is little; the model tells what past attacks looked like. Weighted
Bonferroni (Genovese, Roeder, Wasserman, Biometrika 93, 2006): the shares add up to one and depend
on nothing in the transaction, so the budget holds whatever they are."""

NOTEWORTHY = 0.01
"""The p-value from which a detector's reasons are worth telling."""

_SEVERITIES: tuple[tuple[float, Severity], ...] = (
    (1e-4, "critical"),
    (1e-2, "high"),
    (1e-1, "medium"),
)
"""By how far the p-value lies below the budget."""


class View(msgspec.Struct, frozen=True, gc=False):
    """What one detector thinks of one transaction."""

    spec: Spec
    score: float
    rarity: Rarity
    learned: int
    explanation: Explanation
    ours: bool = True
    """Whether the detector shipped with Firebreak."""
    spoke: bool = True
    """Whether it found anything to look at."""

    @property
    def fused(self) -> bool:
        """Whether it is one of many opinions; a rule's and a stranger's stand by themselves."""
        return self.ours and not self.spec.rule

    @property
    def weighty(self) -> float:
        """The p-value that counts: of a rule's or a stranger's voice only what it may say alone."""
        return self.rarity.p_value if self.fused else self.alone

    @property
    def alone(self) -> float:
        """The p-value that this view gives by itself; 1 for one that is fused, or too new."""
        new = not self.ours and self.learned < max(STRANGER_WARM_UP, self.spec.warm_up)
        return 1.0 if self.fused or new else self.rarity.p_value


class Opinion(NamedTuple):
    """What the set thinks of one transaction."""

    evidence: float
    """The sum of -ln p over the detectors, in nats."""
    p_value: float
    views: tuple[View, ...]
    together: float
    """The p-value without the strangers' votes."""

    @property
    def score(self) -> float:
        """-log10 of the p-value: 2.6 is one in 400, comparable across protocols."""
        return max(0.0, -math.log10(self.p_value))

    def explained_by(self, explanations: Sequence[Explanation]) -> "Opinion":
        """Return the same opinion with reasons."""
        views = zip(self.views, explanations, strict=True)
        return self._replace(
            views=tuple(
                msgspec.structs.replace(view, explanation=explanation)
                for view, explanation in views
            )
        )


@cache
def reference(detectors: int) -> Reference:
    """Return the histogram of the evidence that so many independent detectors give on ordinary
    transactions: a gamma distribution with that shape."""
    if not detectors:
        return NO_REFERENCE
    edges = [index * BIN for index in range(BINS + 1)]
    below = [float(gammainc(detectors, edge)) for edge in edges]
    return Reference([REFERENCE_WEIGHT * (after - before) for before, after in pairwise(below)])


def verdict(score: float) -> Rarity:
    """Return the p-value of a rule's score, which is -ln of it."""
    return Rarity(max(SMALLEST, math.exp(-score)), "rule")


def fuse(views: Sequence[View], tail: OnlineTail) -> Opinion:
    """Join the detectors' p-values into one; `tail` knows the evidence of ordinary transactions."""
    fused: list[float] = []
    trained: list[float] = []
    together = alone = 1.0
    for view in views:
        p_value, spec = view.rarity.p_value, view.spec
        if not view.ours:
            alone = min(alone, view.alone)
        elif spec.rule:
            together = min(together, p_value)
        else:
            fused.append(-math.log(p_value))
            if spec.trained and view.spoke:
                trained.append(p_value)
    evidence = math.fsum(fused)
    if fused:
        joined = tail.p_value(evidence) * _foreign(tail.learned)
        if trained:
            share = _share(tail.learned)
            joined = min(joined / (1.0 - share), len(trained) * min(trained) / share)
        single = EXCEPTION * len(fused) * math.exp(-max(fused))
        together = min(together, single, joined)
    return Opinion(evidence, min(together, alone), tuple(views), together)


def _foreign(learned: float) -> float:
    """Return by what a sum's p-value is raised while it rests on other protocols' sums."""
    return 1.0 + (FOREIGN - 1.0) * AT_HOME / (AT_HOME + learned)


def _share(learned: float) -> float:
    """Return the share of the budget that belongs to trained detectors."""
    return TRAINED_LAST + (TRAINED_FIRST - TRAINED_LAST) * HALF_WAY / (HALF_WAY + learned)


def raise_alert(
    tx: Transaction, opinion: Opinion, rules: Rules, stake: str = "", unit: str = "transactions"
) -> Alert | None:
    """Return the alert that an opinion amounts to, None when it stays within ordinary life.

    `stake` says what is at stake, '' when nothing is known to be.
    """
    if opinion.p_value > rules.budget:
        return None
    ranked = sorted(opinion.views, key=lambda view: view.weighty)
    votes = tuple(_vote(view, rules.budget) for view in ranked)
    severity = _severity(opinion.p_value / rules.budget)
    return Alert(
        id=content_id(
            "alert", rules.set_name, tx.chain, tx.protocol, tx.phase, tx.block_hash, tx.tx
        ),
        chain=tx.chain,
        protocol=tx.protocol,
        set=rules.set_name,
        phase=tx.phase,
        block=tx.block,
        block_hash=tx.block_hash,
        timestamp=tx.timestamp,
        index=tx.index,
        tx=tx.tx,
        score=opinion.score,
        p_value=opinion.p_value,
        budget=rules.budget,
        severity=severity,
        summary=_summary(opinion, ranked, severity, (unit, stake)),
        votes=votes,
        posture=tx.posture,
        sender=tx.sender,
        reference=links.reference(tx.chain, tx.tx),
        link=links.page(rules.explorer, tx.tx),
    )


_MOVES: dict[Severity, str] = {
    "critical": "pull the brake now, then look",
    "high": "look now and be ready to pull the brake",
    "medium": "look at it within minutes",
    "low": "look at it when there is time",
}

MAX_KINDS = 8
"""Kinds of feature that a vote may say it is made from; the record has room for no more."""

MOST_TOLD = 2
"""Reasons that a summary has room for."""


def _summary(
    opinion: Opinion, ranked: Sequence[View], severity: Severity, about: tuple[str, str]
) -> str:
    """Return one sentence to act on: what, how unusual, how much is at stake, what to do, and
    whether the protocol's own history has anything to say yet."""
    unit, stake = about
    reasons = [reason.text for view in ranked for reason in view.explanation.reasons[:1]]
    what = "; ".join(reasons[:MOST_TOLD])[:260] or "stranger than the budget allows"
    unusual = f"one in {1.0 / max(opinion.p_value, 1e-12):,.0f} {unit} is as unusual"
    first = ranked[0] if ranked else None
    young = first is not None and first.fused and first.learned < first.spec.warm_up
    history = (
        f" (compared with other protocols: only {ranked[0].learned} of its own were learned)"
        if young
        else ""
    )
    loss = f"; {stake}" if stake else ""
    return f"{what}; {unusual}{history}{loss}; {_MOVES[severity]}"[:500]


def _vote(view: View, budget: float) -> Vote:
    return Vote(
        detector=view.spec.name,
        version=view.spec.version,
        score=view.score,
        p_value=view.rarity.p_value,
        tail=view.rarity.tail,
        learned=view.learned,
        alerted=view.weighty <= budget,
        technique=view.explanation.technique or view.spec.technique,
        reasons=view.explanation.reasons[:32],
        evidence=view.explanation.evidence[:64],
        made_from=view.spec.made_from[:MAX_KINDS],
    )


def _severity(ratio: float) -> Severity:
    return next((name for bound, name in _SEVERITIES if ratio <= bound), "low")
