"""Keeps a picture within its bounds, whatever an attacker does: who scatters loot over thousands of
accounts must not thereby prevent the report.

The accounts that say least are told as one. Every sum stays as it was.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from schemas.fundflow import MAX_EDGES, MAX_NODES, FlowEdge, FlowNode, Holding

REST = "0x" + "f" * 40
"""Stands for all accounts that are not told one by one."""

_SPEAKING = ("victim", "attacker", "contract", "mixer", "bridge", "exchange", "fees")


def folded(
    nodes: Sequence[FlowNode],
    edges: Sequence[FlowEdge],
    most_nodes: int = MAX_NODES,
    most_edges: int = MAX_EDGES,
) -> tuple[tuple[FlowNode, ...], tuple[FlowEdge, ...]]:
    """Return the same within the bounds: of kinds that speak for themselves, and near the victim,
    accounts are kept one by one."""
    room, found = most_nodes, tuple(edges)
    if len(nodes) <= room and len(found) <= most_edges:
        return tuple(nodes), found
    ordered = sorted(nodes, key=lambda node: (node.kind not in _SPEAKING, node.hops))
    while True:
        kept = ordered[: room - 1]
        found = tuple(_merged(edges, frozenset(node.address for node in kept)))
        if len(found) <= most_edges or room <= 2:
            return (*kept, _rest(ordered[room - 1 :])), found
        room //= 2


def _rest(nodes: Sequence[FlowNode]) -> FlowNode:
    return FlowNode(
        address=REST,
        kind="account",
        label=f"{len(nodes):,} more accounts",
        hops=min(node.hops for node in nodes),
        stays=_sum(holding for node in nodes for holding in node.stays),
        exchanged=_sum(holding for node in nodes for holding in node.exchanged),
        ended="too many to be told one by one",
    )


def _sum(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    sums: Counter[str] = Counter()
    for holding in holdings:
        sums[holding.token] += int(holding.amount)
    return tuple(Holding(token=token, amount=str(amount)) for token, amount in sums.items())


def _merged(edges: Iterable[FlowEdge], kept: frozenset[str]) -> Iterable[FlowEdge]:
    found: dict[tuple[str, str, str, str], FlowEdge] = {}
    for edge in edges:
        source = edge.source if edge.source in kept else REST
        target = edge.target if edge.target in kept else REST
        key = source, target, edge.token, edge.kind
        before = found.get(key)
        if before is None:
            found[key] = replace(edge, source=source, target=target)
        else:
            found[key] = replace(
                before,
                amount=str(int(before.amount) + int(edge.amount)),
                total=str(int(before.total) + int(edge.total)),
                transfers=before.transfers + edge.transfers,
            )
    return found.values()
