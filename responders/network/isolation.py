"""Where to cut: the cheapest set of brakes, against the losses that it stops. Pure.

A shock flows along the graph. At every pool it reaches, either the pool is halted, at the cost of
its brake, and the shock goes no further that way; or the pool's loss is taken. The least total of
both is a minimum cut between the shock and the loss: a pool is an edge of its brake's cost (of
infinite capacity without one), from its far end an edge of its loss leads to the sink, and what
connects pools cannot be cut. So the scope is the narrowest that stops the loss, and nothing is
halted that costs more than it saves.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import inf

import networkx as nx

from responders.network.graph import Graph

_SOURCE, _SINK = ("", "source"), ("", "sink")

_WHOLE = 10**9
"""Money is counted in billionths, as whole numbers: the search for a maximum flow of floats need
not end, and a currency may be as dear as a chain's coin."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What to halt, what is lost all the same, and what both cost together, in money."""

    halted: frozenset[str]
    lost: frozenset[str]
    cost: float


def isolate(
    graph: Graph,
    shocked: Collection[str],
    costs: Mapping[str, float],
    losses: Mapping[str, float],
) -> Isolation:
    """Return the halts that cost least together with the losses that are left.

    `costs` names the nodes that can be halted and for how much; `losses` what is lost at each that
    the shock reaches and nothing halts. Of equally good answers it is the one that halts fewer far
    from the shock.
    """
    flow: nx.DiGraph[tuple[str, str]] = nx.DiGraph()
    flow.add_nodes_from((_SOURCE, _SINK))
    for node in sorted({*graph, *shocked}):
        _edge(flow, (node, "in"), (node, "out"), costs.get(node, inf))
        if losses.get(node, 0.0) > 0.0:
            _edge(flow, (node, "out"), _SINK, losses[node])
    for node in sorted(shocked):
        _edge(flow, _SOURCE, (node, "in"), inf)
    for u, v in graph.edges:
        _edge(flow, (u, "out"), (v, "in"), inf)
    cost, (near, _) = nx.minimum_cut(flow, _SOURCE, _SINK)
    halted = {name for name, end in near if end == "in" and (name, "out") not in near}
    lost = {name for name, end in near if end == "out" and losses.get(name, 0.0) > 0.0}
    return Isolation(frozenset(halted), frozenset(lost), cost / _WHOLE)


def _edge(
    flow: "nx.DiGraph[tuple[str, str]]", u: tuple[str, str], v: tuple[str, str], most: float
) -> None:
    """Add an edge; networkx takes one without a capacity for infinite."""
    if most == inf:
        flow.add_edge(u, v)
    else:
        flow.add_edge(u, v, capacity=round(most * _WHOLE))
