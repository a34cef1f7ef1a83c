"""Contagion and isolation against other methods, and against trying everything."""

from itertools import chain, combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from responders.network.contagion import clearing, debt_rank
from responders.network.graph import Graph
from responders.network.isolation import isolate

unhurried = settings(deadline=None, derandomize=True)
names = "abcdef"
amounts = st.integers(0, 100).map(float)
edges = st.dictionaries(
    st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda e: e[0] != e[1]),
    st.floats(0, 1),
    max_size=14,
)
few = st.dictionaries(st.sampled_from(names), amounts, max_size=6)


def graph_of(pairs: object) -> Graph:
    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(pairs)  # type: ignore[arg-type]  # pairs of names
    return graph


def total(
    graph: Graph,
    shocked: set[str],
    halted: set[str],
    costs: dict[str, float],
    losses: dict[str, float],
) -> float:
    """What these halts cost, and what is lost where the shock still gets."""
    reached: set[str] = set()
    ahead = [node for node in shocked if node not in halted]
    while ahead:
        node = ahead.pop()
        if node not in reached:
            reached.add(node)
            ahead += [after for after in graph.successors(node) if after not in halted]
    return sum(costs[n] for n in halted) + sum(losses.get(n, 0.0) for n in reached)


@unhurried
@given(edges, st.sets(st.sampled_from(names), max_size=3), few, few)
def test_no_set_of_brakes_is_cheaper_than_the_one_that_is_found(
    links: dict[tuple[str, str], float],
    shocked: set[str],
    costs: dict[str, float],
    losses: dict[str, float],
) -> None:
    graph = graph_of(links)
    found = isolate(graph, shocked, costs, losses)
    every = chain.from_iterable(combinations(sorted(costs), n) for n in range(len(costs) + 1))
    best = min(total(graph, shocked, set(halted), costs, losses) for halted in every)
    assert found.cost == pytest.approx(best)
    assert total(graph, shocked, set(found.halted), costs, losses) == pytest.approx(best)
    assert found.halted <= costs.keys()
    assert not found.halted & found.lost


@unhurried
@given(edges, st.dictionaries(st.sampled_from(names), st.floats(0, 1), max_size=4))
def test_stress_is_a_share_and_never_less_than_the_shock(
    links: dict[tuple[str, str], float], shock: dict[str, float]
) -> None:
    stress = debt_rank(links, shock)
    assert all(0 <= share <= 1 for share in stress.values())
    assert all(stress.get(node, 0.0) >= share for node, share in shock.items())
    assert debt_rank(dict(reversed(links.items())), dict(reversed(shock.items()))) == stress
    reached = nx.DiGraph(list(links))
    reached.add_nodes_from(shock)
    near = set().union(*(nx.descendants(reached, n) | {n} for n in shock))
    assert stress.keys() <= near


def largest(debts: Graph, assets: dict[str, float]) -> dict[str, float]:
    """The clearing payments as the linear programme of Eisenberg and Noe's lemma 4."""
    order = sorted(debts)
    owes = {u: sum(d["owed"] for _, _, d in debts.out_edges(u, data=True)) for u in order}
    shares = np.zeros((len(order), len(order)))
    for u, v, data in debts.edges(data=True):
        if owes[u]:
            shares[order.index(v), order.index(u)] = data["owed"] / owes[u]
    best = linprog(
        -np.ones(len(order)),
        A_ub=np.eye(len(order)) - shares,
        b_ub=[assets.get(u, 0.0) for u in order],
        bounds=[(0, owes[u]) for u in order],
    )
    assert best.x is not None
    return dict(zip(order, best.x.tolist(), strict=True))


@unhurried
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda e: e[0] != e[1]),
        st.integers(1, 100).map(float),
        max_size=12,
    ),
    few,
)
def test_clearing_payments_are_the_largest_that_all_can_make(
    owed: dict[tuple[str, str], float], assets: dict[str, float]
) -> None:
    debts: Graph = nx.DiGraph()
    debts.add_nodes_from(names)
    debts.add_edges_from((u, v, {"owed": money}) for (u, v), money in owed.items())
    pays, expected = clearing(debts, assets), largest(debts, assets)
    for node in names:
        assert pays[node] == pytest.approx(expected[node], abs=1e-4)
