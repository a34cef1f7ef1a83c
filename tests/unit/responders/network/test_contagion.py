"""Closed forms: chains, stars, rings, and who pays what when one cannot."""

import networkx as nx
import pytest

from responders.network.contagion import clearing, debt_rank, weights
from responders.network.graph import Graph
from responders.network.isolation import Isolation, isolate


def test_along_a_chain_stress_is_the_product_of_the_weights() -> None:
    stress = debt_rank({("a", "b"): 0.5, ("b", "c"): 0.4}, {"a": 1.0})
    assert stress == pytest.approx({"a": 1.0, "b": 0.5, "c": 0.2})


def test_at_the_hub_of_a_star_it_adds_up_to_all_at_most() -> None:
    inward = {("a", "hub"): 0.3, ("b", "hub"): 0.4}
    assert debt_rank(inward, {"a": 1.0, "b": 0.5})["hub"] == pytest.approx(0.5)
    assert debt_rank(dict.fromkeys(inward, 0.9), {"a": 1.0, "b": 1.0})["hub"] == 1.0


def test_round_a_ring_each_passes_on_what_reached_it_first_and_once() -> None:
    stress = debt_rank({("a", "b"): 0.5, ("b", "a"): 0.5}, {"a": 0.8})
    assert stress == pytest.approx({"a": 0.8 + 0.5 * 0.4, "b": 0.4})


def test_a_weight_is_the_share_of_what_the_other_end_holds() -> None:
    graph: Graph = nx.DiGraph()
    graph.add_edge("a", "b", exposure=30.0)
    graph.add_edge("b", "c", exposure=300.0)
    graph.add_edge("c", "d", exposure=1.0)
    graph.add_edge("d", "e", exposure=0.0)
    found = weights(graph, {"b": 120.0, "c": 100.0})
    assert found == {("a", "b"): 0.25, ("b", "c"): 1.0, ("c", "d"): 1.0, ("d", "e"): 0.0}


def debts(*owed: tuple[str, str, float]) -> Graph:
    graph: Graph = nx.DiGraph()
    graph.add_edges_from((u, v, {"owed": money}) for u, v, money in owed)
    return graph


def test_who_can_pay_pays_all() -> None:
    assert clearing(debts(("a", "b", 10.0), ("b", "c", 5.0)), {"a": 10.0})["b"] == 5.0


def test_one_that_cannot_pays_in_proportion_and_the_next_may_fail_of_it() -> None:
    owed = debts(("a", "b", 60.0), ("a", "c", 30.0), ("b", "c", 50.0))
    pays = clearing(owed, {"a": 45.0, "b": 10.0})
    assert pays["a"] == pytest.approx(45.0)
    assert pays["b"] == pytest.approx(10.0 + 45.0 * 60 / 90)


def test_a_ring_of_debts_that_nothing_stands_behind_is_paid_round() -> None:
    pays = clearing(debts(("a", "b", 7.0), ("b", "a", 7.0)), {})
    assert pays == {"a": 7.0, "b": 7.0}  # the largest of the payments that balance


def test_a_ring_with_a_leak_pays_what_the_geometric_series_says() -> None:
    # a owes 10 to b and 10 to outside; b owes 20 to a; a has 4: p_a = 4 + p_b, p_b = p_a / 2
    owed = debts(("a", "b", 10.0), ("a", "out", 10.0), ("b", "a", 20.0))
    pays = clearing(owed, {"a": 4.0})
    assert pays["a"] == pytest.approx(8.0)
    assert pays["b"] == pytest.approx(4.0)


def line() -> Graph:
    graph: Graph = nx.DiGraph()
    nx.add_path(graph, ["token", "pool", "vault"])
    return graph


def test_what_costs_less_than_it_saves_is_halted_where_that_is_cheapest() -> None:
    losses = {"pool": 100.0, "vault": 50.0}
    assert isolate(line(), {"token"}, {"pool": 20.0, "vault": 5.0}, losses).halted == {"pool"}
    dear = isolate(line(), {"token"}, {"pool": 120.0, "vault": 5.0}, losses)
    assert dear == Isolation(frozenset({"vault"}), frozenset({"pool"}), 105.0)


def test_what_nothing_halts_or_what_is_not_worth_it_is_lost() -> None:
    assert isolate(line(), {"token"}, {}, {"pool": 3.0}).lost == {"pool"}
    small = isolate(line(), {"token"}, {"pool": 20.0}, {"pool": 10.0})
    assert (small.halted, small.cost) == (frozenset(), 10.0)


def test_without_a_shock_nothing_is_halted() -> None:
    assert isolate(line(), set(), {"pool": 1.0}, {"pool": 10.0}).halted == frozenset()
