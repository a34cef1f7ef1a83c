"""The graph of who loses if whom fails, from manifests and what they hold. Pure.

An edge u -> v says that v loses up to `exposure` if u fails: a token's price reaches the pools that
hold it, a pool its protocol, a protocol or an outside contract the pools of whoever depends on it.
Losses are counted at pools alone, so that nothing is lost twice.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import networkx as nx

from responders.holdings import Held
from schemas.manifest import Brake, Dependency, Manifest
from schemas.units import account

if TYPE_CHECKING:
    Graph = nx.DiGraph[str]
else:
    Graph = nx.DiGraph

Kind = Literal["token", "pool", "protocol", "outside"]

CLAIMS = frozenset({"liquidity", "collateral", "bridge"})
"""Dependencies that owe: what is exposed to them is money that they have to give back."""


@dataclass(frozen=True, slots=True)
class Node:
    """What a node of the graph stands for. Money in the manifests' common currency."""

    kind: Kind
    label: str
    value: float = 0.0
    """What it holds; of a token or something outside it is not known, and counts as nothing."""
    protocol: str = ""
    brake: str = ""
    """The cheapest brake that halts it; '' if nothing does that a machine may pull."""
    cost: float = 0.0
    """Of that brake, pulled rightly."""


Worth = Mapping[str, Held]
"""What each protocol holds, by its name."""


def build(manifests: Iterable[Manifest], worth: Worth) -> tuple[Graph, dict[str, Node]]:
    """Return the graph, whose edges have an `exposure`, and what its nodes stand for.

    Nodes are tokens and pools by their CAIP-10 name and protocols by their own. All manifests have
    to count in one currency.
    """
    known = sorted(manifests, key=lambda manifest: manifest.protocol)
    graph, nodes = Graph(), {}
    for manifest in known:
        held = worth.get(manifest.protocol, Held({}, whole=False))
        nodes[manifest.protocol] = _protocol(manifest, held)
        for holder in sorted(manifest.holders):
            pool = account(manifest.chain, holder)
            nodes[pool] = _pool(manifest, holder, held)
            graph.add_edge(pool, manifest.protocol, exposure=nodes[pool].value)
        for (holder, token), money in sorted(held.balances.items()):
            name = account(manifest.chain, token)
            nodes.setdefault(name, Node("token", manifest.symbol(token)))
            graph.add_edge(name, account(manifest.chain, holder), exposure=float(money))
    for manifest in known:
        for dependency in manifest.dependencies:
            _depend(graph, nodes, manifest, dependency)
    return graph, nodes


def claims(manifests: Iterable[Manifest], nodes: Mapping[str, Node]) -> Graph:
    """Return who owes whom how much, as edges with an `owed`; what a protocol holds beyond the
    claims of others is owed to its own users."""
    graph = Graph()
    for manifest in manifests:
        for dependency in manifest.dependencies:
            debtor = _found(manifest, dependency, nodes)
            if dependency.kind in CLAIMS and dependency.exposure and debtor in nodes:
                owing = nodes[debtor].protocol
                if owing and owing != manifest.protocol:
                    graph.add_edge(owing, manifest.protocol, owed=float(dependency.exposure))
    for name, node in nodes.items():
        if node.kind == "protocol":
            owed = sum(float(data["owed"]) for _, _, data in graph.out_edges(name, data=True))
            graph.add_edge(name, f"users of {name}", owed=max(0.0, node.value - owed))
    return graph


def _protocol(manifest: Manifest, held: Held) -> Node:
    label = manifest.name.partition(",")[0] or manifest.protocol
    value = float(sum(held.balances.values(), Decimal(0)))
    return Node("protocol", label, value, manifest.protocol)


def _pool(manifest: Manifest, holder: str, held: Held) -> Node:
    contract = next(c for c in manifest.contracts if c.address == holder)
    value = sum(money for (who, _), money in held.balances.items() if who == holder)
    found = _cheapest(manifest, holder)
    return Node(
        kind="pool",
        label=contract.name or f"{contract.role} {holder[:6]}…{holder[-4:]}",
        value=float(value),
        protocol=manifest.protocol,
        brake=found.name if found else "",
        cost=float(manifest.cost_of(found)) if found else 0.0,
    )


def _cheapest(manifest: Manifest, holder: str) -> Brake | None:
    halting = (
        brake
        for brake in manifest.brakes
        if brake.scope != "T3" and manifest.halted_by(brake) == holder
    )
    return min(halting, key=lambda b: (manifest.cost_of(b), b.scope, b.name), default=None)


def _found(manifest: Manifest, dependency: Dependency, nodes: Mapping[str, Node]) -> str:
    """Return the node that a dependency names: a pool or token by address, else a protocol, else
    something outside."""
    if dependency.address is not None:
        place = account(manifest.chain, dependency.address)
        return place if place in nodes or dependency.name not in nodes else dependency.name
    return dependency.name if dependency.name in nodes else f"outside:{dependency.name}"


def _depend(
    graph: Graph, nodes: dict[str, Node], manifest: Manifest, dependency: Dependency
) -> None:
    """Draw the edges from what a protocol depends on to its pools, by what each of them holds."""
    source = _found(manifest, dependency, nodes)
    nodes.setdefault(source, Node("outside", dependency.name))
    total = nodes[manifest.protocol].value
    exposed = total if dependency.exposure is None else min(total, float(dependency.exposure))
    for holder in sorted(manifest.holders):
        pool = account(manifest.chain, holder)
        if pool == source or not total:
            continue
        part = exposed * nodes[pool].value / total
        before = graph.get_edge_data(source, pool, {"exposure": 0.0})["exposure"]
        graph.add_edge(source, pool, exposure=max(part, float(before)))
