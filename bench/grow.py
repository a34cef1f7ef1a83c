"""Grows the forest and fits the linear part of `detectors.bytecode.model`. Seeded."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from detectors.bytecode.features import DIRECTIONS
from detectors.bytecode.forest import Tree
from detectors.bytecode.model import CodeModel

Floats = NDArray[np.float64]

TREES = 100
SMALLEST_LEAF = 2
"""Examples that a leaf holds at least."""
PENALTY = 5.0
"""Weight of the squared weights against the examples' losses."""


def fit(
    names: list[str], x: Floats, attack: NDArray[np.bool_], weight: Floats, seed: int
) -> CodeModel:
    """Fit both parts; `weight` says what each example counts."""
    means, spreads = x.mean(axis=0), x.std(axis=0)
    spreads[spreads < 1e-9] = 1.0
    weights, intercept = _linear(names, (x - means) / spreads, attack, weight)
    chance = np.random.default_rng(seed)
    trees = [_tree(x, attack, weight, chance) for _ in range(TREES)]
    return CodeModel(
        names=names,
        means=[round(float(v), 6) for v in means],
        spreads=[round(float(v), 6) for v in spreads],
        weights=[round(float(v), 6) for v in weights],
        intercept=round(intercept, 6),
        trees=trees,
    )


def _linear(
    names: list[str], z: Floats, attack: NDArray[np.bool_], weight: Floats
) -> tuple[Floats, float]:
    sign = np.where(attack, 1.0, -1.0)

    def loss(b: Floats) -> tuple[float, Floats]:
        margin = sign * (z @ b[:-1] + b[-1])
        pull = -sign * weight / (1.0 + np.exp(np.minimum(margin, 500.0)))
        value = float(weight @ np.logaddexp(0.0, -margin) + PENALTY / 2 * b[:-1] @ b[:-1])
        return value, np.append(z.T @ pull + PENALTY * b[:-1], pull.sum())

    bounds: list[tuple[float | None, float | None]] = [
        {1: (0.0, None), -1: (None, 0.0)}.get(DIRECTIONS.get(name, 0), (None, None))
        for name in names
    ]
    found = minimize(
        loss,
        np.zeros(z.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
        options={"maxiter": 1000},
    )
    return found.x[:-1], float(found.x[-1])


def _tree(
    x: Floats, attack: NDArray[np.bool_], weight: Floats, chance: np.random.Generator
) -> Tree:
    """Split at random features and random thresholds, the best of sqrt(d) draws each time."""
    draws = math.isqrt(x.shape[1])
    tree = Tree([-1], [0.0], [0], [[]])
    waiting = [(0, np.arange(len(x)))]
    while waiting:
        node, rows = waiting.pop()
        split = _split(x[rows], attack[rows], weight[rows], draws, chance)
        if split is None:
            of_attacks = float(weight[rows][attack[rows]].sum())
            tree.counts[node] = [
                round(float(weight[rows].sum()) - of_attacks, 3),
                round(of_attacks, 3),
            ]
            continue
        feature, threshold = split
        tree.feature[node], tree.threshold[node], tree.left[node] = (
            feature,
            threshold,
            len(tree.feature),
        )
        above = x[rows, feature] > threshold
        for part in (rows[~above], rows[above]):
            waiting.append((len(tree.feature), part))
            tree.feature.append(-1)
            tree.threshold.append(0.0)
            tree.left.append(0)
            tree.counts.append([])
    return tree


def _split(
    x: Floats, attack: NDArray[np.bool_], weight: Floats, draws: int, chance: np.random.Generator
) -> tuple[int, float] | None:
    if len(x) < 2 * SMALLEST_LEAF or attack.all() or not attack.any():
        return None
    best, found = math.inf, None
    low, high = x.min(axis=0), x.max(axis=0)
    varied = np.flatnonzero(high > low)
    for feature in chance.permutation(varied)[:draws]:
        threshold = round(float(chance.uniform(low[feature], high[feature])), 4)
        above = x[:, feature] > threshold
        if not SMALLEST_LEAF <= above.sum() <= len(x) - SMALLEST_LEAF:
            continue
        impurity = sum(_impurity(attack[part], weight[part]) for part in (above, ~above))
        if impurity < best:
            best, found = impurity, (int(feature), threshold)
    return found


def _impurity(attack: NDArray[np.bool_], weight: Floats) -> float:
    total, attacks = float(weight.sum()), float(weight[attack].sum())
    return 2.0 * attacks * (total - attacks) / total if total else 0.0
