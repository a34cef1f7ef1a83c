"""How far a loss spreads: stress by DebtRank, money by Eisenberg and Noe. Pure.

DebtRank (Battiston, Puliga, Kaushik, Tasca, Caldarelli, Scientific Reports 2:541, 2012): a node's
stress h in [0, 1] is the share of its value that is lost. Whoever is newly in distress passes its
stress on once, times the weight of the edge, and never again, so that a loss does not go round in
circles:

    h_v(t) = min(1, h_v(t-1) + sum of W_uv * h_u(t-1) over u that came into distress at t-1)

with W_uv = min(1, exposure_uv / value_v).

Clearing (Eisenberg, Noe, Management Science 47:2, 2001): who cannot pay all, pays what it has, to
all creditors in proportion: p = min(p_total, P' p + e), with P the shares in which each owes. Of
all such payments the largest is returned; it is what people mean.
"""

from collections.abc import Mapping

from responders.network.graph import Graph

_CLOSE = 1e-12
"""Relative; payments nearer than this are the same."""

_ROUNDS = 10_000
"""Far more than a network needs in which somebody has assets; payments only fall from round to
round, so what is returned errs on the side of too much."""


def weights(graph: Graph, values: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Return the share of each node's value that a failure of the other end of an edge takes; 1
    where the value is not known."""
    return {
        (u, v): _weight(float(data["exposure"]), values.get(v, 0.0))
        for u, v, data in graph.edges(data=True)
    }


def _weight(exposure: float, value: float) -> float:
    if value > 0.0:
        return min(1.0, exposure / value)
    return 1.0 if exposure > 0.0 else 0.0


def debt_rank(
    edges: Mapping[tuple[str, str], float], shock: Mapping[str, float]
) -> dict[str, float]:
    """Return every node's stress after a shock: the share of a node's value, by node.

    `edges` are weights in [0, 1]; a node that is nowhere named has no stress. The order in which
    either is given does not matter.
    """
    reaches: dict[str, list[tuple[str, float]]] = {}
    for (u, v), weight in sorted(edges.items()):
        reaches.setdefault(u, []).append((v, weight))
    stress = {node: min(1.0, share) for node, share in sorted(shock.items()) if share > 0.0}
    told: set[str] = set()
    fresh = sorted(stress)
    while fresh:
        passed: dict[str, float] = {}
        for u in fresh:
            for v, weight in reaches.get(u, ()):
                passed[v] = passed.get(v, 0.0) + weight * stress[u]
        told.update(fresh)
        for v, more in passed.items():
            stress[v] = min(1.0, stress.get(v, 0.0) + more)
        fresh = sorted(v for v, more in passed.items() if more > 0.0 and v not in told)
    return stress


def clearing(debts: Graph, assets: Mapping[str, float]) -> dict[str, float]:
    """Return what every node pays, in money: the largest payments that all can make at once.

    `debts` has an `owed` on each edge; `assets` is what each has besides what the others owe it, at
    least nought. Found by fictitious default: at first all pay, and whoever cannot, pays less.
    """
    owes = {
        u: sum(float(data["owed"]) for _, _, data in debts.out_edges(u, data=True)) for u in debts
    }
    pays = dict(owes)
    for _ in range(_ROUNDS):
        comes = {v: max(0.0, assets.get(v, 0.0)) for v in debts}
        for u, v, data in debts.edges(data=True):
            if owes[u] > 0.0:
                comes[v] += float(data["owed"]) / owes[u] * pays[u]
        before, pays = pays, {u: min(owes[u], comes[u]) for u in debts}
        if all(abs(pays[u] - before[u]) <= _CLOSE * max(1.0, owes[u]) for u in debts):
            break
    return pays
