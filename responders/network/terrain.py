"""The graph of one protocol as a responder decides on it: made when a balance changes, asked when
an alert comes. No clock, no IO.

Of one protocol, not of several: every manifest counts in a currency of its own, and an alert pulls
only its own protocol's brakes.
"""

from collections.abc import Iterable, Sequence

import networkx as nx

from responders.holdings import Held
from responders.network.contagion import debt_rank, weights
from responders.network.graph import Graph, Node, build
from schemas.manifest import Manifest
from schemas.reach import MOST_LINKS, MOST_PLACES, Link, Place, Reach
from schemas.units import account


def lacking(manifest: Manifest) -> str:
    """Return why a manifest has no graph to choose brakes on, '' where it has one."""
    if not manifest.assets:
        return "no [[assets]]: what its contracts hold is not known"
    if not any(manifest.halted_by(brake) in manifest.holders for brake in manifest.brakes):
        return "no brake halts a contract that holds value: say in [[cuts]] what each halts"
    return ""


class Terrain:
    """Where a loss of one protocol gets."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._there = not lacking(manifest)
        self._held: Held | None = None
        self._graph: Graph | None = None
        self._nodes: dict[str, Node] = {}
        self._found: dict[frozenset[str], Reach | None] = {}

    def take(self, held: Held) -> None:
        """Draw the graph anew, if what is held changed. It has none while a balance is unknown."""
        if held == self._held:
            return
        self._held, self._graph = held, None
        self._found.clear()
        if self._there and held.whole:
            self._graph, self._nodes = build([self._manifest], {self._manifest.protocol: held})

    def reach(self, losing: Iterable[str]) -> Reach | None:
        """Return where the loss of these contracts gets.

        None where there is no graph, one of them is not in it, nobody says what loses, or there is
        more than `MOST_PLACES` and `MOST_LINKS` allow.
        """
        begins = frozenset(losing)
        if begins not in self._found:
            self._found[begins] = self._reach(begins)
        return self._found[begins]

    def _reach(self, losing: frozenset[str]) -> Reach | None:
        graph = self._graph
        if graph is None or not losing or not losing <= self._manifest.holders:
            return None
        begins = sorted(account(self._manifest.chain, address) for address in losing)
        found = set(begins).union(*(nx.descendants(graph, node) for node in begins))
        reached = sorted(
            node
            for node in found
            if self._nodes[node].kind == "pool" or graph.out_degree(node)  # else nothing is lost
        )
        part = graph.subgraph(reached)
        if len(reached) > MOST_PLACES or part.number_of_edges() > MOST_LINKS:
            return None
        number = {name: place for place, name in enumerate(reached)}
        return Reach(
            places=self._places(reached, begins, part),
            links=tuple(
                Link(source=number[u], target=number[v]) for u, v in sorted(part.edges) if u != v
            ),
        )

    def _places(
        self, reached: Sequence[str], begins: Sequence[str], part: Graph
    ) -> tuple[Place, ...]:
        """Return what is lost where, if nothing is halted: of what loses, all that it holds.

        Where that is not known to be anything (it holds what nobody priced), it is all that the
        protocol holds, so that nothing worth halting is taken for empty.
        """
        values = {name: self._nodes[name].value for name in reached}
        stress = debt_rank(weights(part, values), dict.fromkeys(begins, 1.0))
        total = self._nodes[self._manifest.protocol].value
        return tuple(
            Place(
                name=name,
                at_risk=(
                    (values[name] or total)
                    if name in begins
                    else stress.get(name, 0.0) * values[name]
                    if self._nodes[name].kind == "pool"
                    else 0.0
                ),
                begins=name in begins,
            )
            for name in reached
        )
