"""What blind scores are worth once the labels are known. Pure; no model is touched here.

Two questions are told apart. *Histories*: a protocol's whole life up to its exploit; was the
exploit alerted at the default budget, how many others were, where does it rank? *Single
transactions*: exploits of many protocols against ordinary traffic, each without a history; how many
exploits score above what a given share of the ordinary ones reaches?

Intervals are Wilson's score intervals (JASA 22, 1927) at 90%, except for a recall at a false-alert
rate: its threshold is estimated too, so it is bootstrapped over cases, exploits and ordinary blocks
resampled as wholes.
"""

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from detectors.scoring import Row

Z = 1.6448536269514722
"""The 95th percentile of the normal distribution: two-sided 90%."""

SAMPLES = 400
"""Bootstrap samples."""

RATES = (0.0016, 0.01)
"""Shares of ordinary transactions at which recall is told."""

LARGE = 10
"""Frames from which a transaction counts as large: most ordinary ones have three at most, and
telling those from exploits is no art."""

BLOCK_SECONDS = 12.0
PERIOD_DAYS = 60.0
EARLY_BLOCKS = 7 * 7200
"""An alert this many blocks before the exploit may have to do with its preparation."""

Interval = tuple[float, float]


def wilson(hits: int, of: int) -> Interval:
    """Return the 90% interval of a share."""
    if of == 0:
        return 0.0, 1.0
    share = hits / of
    middle = share + Z * Z / (2 * of)
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    scale = 1 + Z * Z / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the recordings, by the names of cases."""

    exploits: Mapping[str, str]
    """By history, the transaction of its exploit, '' where there was none."""
    attacks: frozenset[str]
    """Cases that are single exploits."""
    ordinary: frozenset[str]
    """Cases that hold ordinary transactions."""


@dataclass(slots=True)
class History:
    """How one protocol's history went."""

    case: str
    transactions: int = 0
    rank: int | None = None
    p_value: float | None = None
    alerted: bool = False
    detectors: tuple[str, ...] = ()
    false_alerts: int = 0
    false_per_period: float = 0.0
    """False alerts in sixty days, by the blocks that the history spans."""
    lead_blocks: int | None = None
    """Blocks from the first alert of the last week to the exploit, 0 for the exploit's own."""
    scores: list[float] = field(default_factory=list)
    exploit_at: int | None = None


def history(case: str, rows: Sequence[Row], exploit: str) -> History:
    """Judge one history."""
    found = History(case, transactions=len(rows), scores=[row.score for row in rows])
    attack = next((row for row in rows if row.tx == exploit), None)
    false = [row for row in rows if row.alerted and row.tx != exploit]
    found.false_alerts = len(false)
    span = (rows[-1].block - rows[0].block) * BLOCK_SECONDS / 86_400 if rows else 0.0
    found.false_per_period = len(false) * PERIOD_DAYS / span if span > 0.0 else 0.0
    if attack is not None:
        found.exploit_at = attack.order
        found.rank = 1 + sum(row.p_value < attack.p_value for row in rows)
        found.p_value, found.alerted = attack.p_value, attack.alerted
        found.detectors = attack.detectors
        warned = [
            attack.block - row.block
            for row in (*false, attack)
            if row.alerted and row.order <= attack.order
        ]
        near = [blocks for blocks in warned if blocks <= EARLY_BLOCKS]
        found.lead_blocks = max(near, default=None)
    return found


@dataclass(frozen=True, slots=True)
class Recall:
    """The share of exploits found at a share of false alerts."""

    rate: float
    recall: float
    interval: Interval
    threshold: float


Groups = Mapping[str, Sequence[float]]
"""Scores by case."""


def recall_at(rate: float, attacks: Groups, ordinary: Groups, seed: int = 0) -> Recall:
    """Return the recall at a false-alert rate, with its bootstrap interval over cases."""
    value, threshold = recall(rate, attacks.values(), ordinary.values())
    chance = random.Random(seed)  # noqa: S311 - resampling, nothing secret
    bad, good = list(attacks.values()), list(ordinary.values())
    drawn = sorted(
        recall(rate, chance.choices(bad, k=len(bad)), chance.choices(good, k=len(good)))[0]
        for _ in range(SAMPLES if bad and good else 0)
    )
    interval = (drawn[len(drawn) // 20], drawn[-1 - len(drawn) // 20]) if drawn else (0.0, 1.0)
    return Recall(rate, value, interval, threshold)


def recall(
    rate: float, attacks: Iterable[Sequence[float]], ordinary: Iterable[Sequence[float]]
) -> tuple[float, float]:
    """Return the recall at a false-alert rate, and the threshold that gives that rate."""
    benign = sorted((score for scores in ordinary for score in scores), reverse=True)
    exploits = [score for scores in attacks for score in scores]
    if not benign or not exploits:
        return 0.0, 0.0
    threshold = benign[int(rate * len(benign))]
    return sum(score > threshold for score in exploits) / len(exploits), threshold


def roc(attacks: Groups, ordinary: Groups) -> list[tuple[float, float]]:
    """Return (false-alert rate, recall) for every threshold, ascending."""
    scored = [(score, True) for scores in attacks.values() for score in scores]
    scored += [(score, False) for scores in ordinary.values() for score in scores]
    bad = sum(label for _, label in scored) or 1
    good = (len(scored) - bad) or 1
    points, hits, false, last = [(0.0, 0.0)], 0, 0, math.inf
    for score, label in sorted(scored, key=lambda item: -item[0]):
        if score != last:
            points.append((false / good, hits / bad))
        hits, false, last = hits + label, false + (not label), score
    return [*points, (1.0, 1.0)]


def area(points: Sequence[tuple[float, float]]) -> float:
    """Return the area under a curve of `roc`."""
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def grouped(rows: Iterable[Row], frames: int = 0, without: str | None = None) -> Groups:
    """Return the scores by case of rows with so many frames; `without` a detector, its evidence
    taken out of the sum."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.frames >= frames:
            evidence = sum(nats for name, nats in row.evidence.items() if name != without)
            found[row.case].append(row.score if without is None else evidence)
    return found


def misses(rows: Iterable[Row], threshold: float) -> list[Row]:
    """Return the rows that do not exceed a score, the lowest first."""
    return sorted((row for row in rows if row.score <= threshold), key=lambda row: row.score)
