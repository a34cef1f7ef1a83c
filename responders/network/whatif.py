"""What would be lost, what would be braked, and why, if a price fell or money left. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from responders.adapters.registry import deed_of
from responders.inputs import words
from responders.network.contagion import clearing, debt_rank, weights
from responders.network.graph import Graph, Node, Worth, build, claims
from responders.network.isolation import Isolation, isolate
from responders.network.terrain import lacking
from schemas.activities import SAFEGUARDS
from schemas.errors import ConfigurationError
from schemas.manifest import Manifest
from schemas.units import account


@dataclass(frozen=True, slots=True)
class Shock:
    """What happens: shares by which prices fall, by token; money that leaves, by protocol."""

    prices: Mapping[str, float]
    outflows: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Halt:
    """One brake that would be pulled. Money in the manifests' currency."""

    pool: str
    brake: str
    cost: float
    stops: float
    """The loss that goes on without it, all other brakes pulled."""
    needs: float
    """The probability of an attack from which on the halt rule pulls it."""
    also_stops: tuple[str, ...]
    """What honest users cannot do either while it holds (`schemas.activities`)."""
    not_on_a_price: tuple[str, ...]
    """Those of them for whose sake a price that moves, and nothing else, never pulls it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a shock does to the graph."""

    graph: Graph
    nodes: Mapping[str, Node]
    stress: Mapping[str, float]
    """The share of its value that each node loses if nothing is braked."""
    losses: Mapping[str, float]
    """By pool, if nothing is braked, in money."""
    isolation: Isolation
    ungraphed: Mapping[str, str]
    """Protocols whose responder judges brakes each by itself, and why it has no graph."""
    halts: Sequence[Halt]
    recovery: Mapping[str, float]
    """By protocol, the share of what it owes that it can still pay."""

    def outcome(self, name: str) -> str:
        """Say what becomes of a node: `halted`, `lost`, `spared`, or '' where the shock took
        nothing."""
        if name in self.isolation.halted:
            return "halted"
        if name in self.isolation.lost:
            return "lost"
        return "spared" if name in self.losses else ""


def whatif(manifests: Sequence[Manifest], worth: Worth, shock: Shock) -> Report:
    """Return what a shock does.

    Raises `ConfigurationError` for a token or a protocol that no manifest has, and where nothing is
    known of what a protocol holds.
    """
    graph, nodes = build(manifests, worth)
    hit = _hit(manifests, nodes, shock)
    stress = debt_rank(weights(graph, {name: node.value for name, node in nodes.items()}), hit)
    losses = {
        name: stress[name] * node.value
        for name, node in nodes.items()
        if node.kind == "pool" and stress.get(name, 0.0) * node.value > 0.0
    }
    costs = {name: node.cost for name, node in nodes.items() if node.brake}
    isolation = isolate(graph, hit, costs, losses)
    return Report(
        graph=graph,
        nodes=nodes,
        stress=stress,
        losses=losses,
        isolation=isolation,
        ungraphed={m.protocol: told for m in manifests if (told := lacking(m))},
        halts=tuple(_halts(manifests, graph, nodes, losses, (hit, isolation))),
        recovery=_recovery(manifests, graph, nodes, hit),
    )


def _hit(
    manifests: Iterable[Manifest], nodes: Mapping[str, Node], shock: Shock
) -> dict[str, float]:
    """Return the shares that the shock itself takes, by the node where it begins."""
    known = {manifest.protocol: manifest for manifest in manifests}
    hit: dict[str, float] = {}
    for name, share in shock.prices.items():
        found = [(m, token) for m in known.values() if (token := m.token_named(name)) is not None]
        held = {place for m, token in found if (place := account(m.chain, token)) in nodes}
        if not held:
            raise ConfigurationError(f"no manifest says that anybody holds {name}")
        hit |= dict.fromkeys(held, share)
    for name, money in shock.outflows.items():
        if name not in known:
            raise ConfigurationError(f"no manifest of a protocol {name}; there are {list(known)}")
        total = nodes[name].value
        if not total:
            raise ConfigurationError(f"{name}: what it holds is not known: [[known]] or --live")
        pools = (n for n, node in nodes.items() if (node.kind, node.protocol) == ("pool", name))
        hit |= {pool: min(1.0, money / total) for pool in pools if nodes[pool].value}
    return hit


def _halts(
    manifests: Sequence[Manifest],
    graph: Graph,
    nodes: Mapping[str, Node],
    losses: Mapping[str, float],
    found: tuple[Mapping[str, float], Isolation],
) -> Iterable[Halt]:
    hit, isolation = found
    false_costs = {m.protocol: float(m.halt.false_halt_cost) for m in manifests if m.halt}
    brakes = {(m.protocol, brake.name): brake for m in manifests for brake in m.brakes}
    left = _lost(graph, hit, losses, isolation.halted)
    for pool in sorted(isolation.halted):
        node = nodes[pool]
        stops = _lost(graph, hit, losses, isolation.halted - {pool}) - left
        false_cost, gain = false_costs.get(node.protocol, 0.0), stops - node.cost
        needs = false_cost / (false_cost + gain) if gain > 0.0 else 1.0
        also = deed_of(brakes[node.protocol, node.brake]).also_stops.activities
        kept = words(also & SAFEGUARDS)
        yield Halt(pool, node.brake, node.cost, stops, needs, words(also), kept)


def _lost(
    graph: Graph, hit: Iterable[str], losses: Mapping[str, float], halted: frozenset[str]
) -> float:
    """Return what is lost in all where a shock still gets."""
    open_graph = graph.subgraph([node for node in graph if node not in halted])
    begins = [node for node in hit if node in open_graph]
    reached = set(begins).union(*(nx.descendants(open_graph, node) for node in begins))
    return sum(losses.get(node, 0.0) for node in reached)


def _recovery(
    manifests: Iterable[Manifest],
    graph: Graph,
    nodes: Mapping[str, Node],
    hit: Mapping[str, float],
) -> dict[str, float]:
    """Return by protocol the share of its debts that it can pay after the shock itself took its
    part, when everybody pays what they can."""
    debts = claims(manifests, nodes)
    left = {name: node.value for name, node in nodes.items() if node.kind == "protocol"}
    for name, node in nodes.items():
        if node.kind == "pool":
            exposed = (
                float(data["exposure"]) * hit.get(source, 0.0)
                for source, _, data in graph.in_edges(name, data=True)
                if nodes[source].kind == "token"
            )
            left[node.protocol] -= min(node.value, node.value * hit.get(name, 0.0) + sum(exposed))
    pays = clearing(debts, left)
    owed = {u: sum(float(d["owed"]) for _, _, d in debts.out_edges(u, data=True)) for u in left}
    return {name: pays[name] / owed[name] for name in left if owed[name] > 0.0}
