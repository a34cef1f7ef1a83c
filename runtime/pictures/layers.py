"""Where the accounts of a flow stand: one column for each step away from the victim.

Within a column accounts are ordered by the mean place of those that paid them, which keeps ways
from crossing (the barycentre heuristic of Sugiyama, Tagawa, Toda, 1981). Deterministic.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from schemas.fundflow import FlowEdge, FlowNode, FundFlow

MAX_DRAWN = 48
"""Accounts that are drawn; the others are only counted."""

_SPEAKING = ("victim", "attacker", "contract", "mixer", "bridge", "exchange")


def drawn(flow: FundFlow) -> tuple[list[FlowNode], int]:
    """Return the accounts to draw, and how many are left out: those that say most come first."""
    nodes = [node for node in flow.nodes if node.kind != "fees"]
    ordered = sorted(
        nodes, key=lambda node: (node.kind not in _SPEAKING, not node.stays, node.hops)
    )
    kept = {node.address for node in ordered[:MAX_DRAWN]}
    return [node for node in nodes if node.address in kept], max(0, len(nodes) - MAX_DRAWN)


def columns(nodes: Iterable[FlowNode], edges: Iterable[FlowEdge]) -> list[list[FlowNode]]:
    """Return the accounts by column, each from top to bottom; no column is empty."""
    by_hops: dict[int, list[FlowNode]] = defaultdict(list)
    for node in nodes:
        by_hops[node.hops].append(node)
    payers: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        payers[edge.target].append(edge.source)
    found: list[list[FlowNode]] = []
    place: dict[str, float] = {}
    for hops in sorted(by_hops):
        column = sorted(by_hops[hops], key=lambda node: _centre(node, payers, place))
        for number, node in enumerate(column):
            place[node.address] = number - len(column) / 2
        found.append(column)
    return found


def _centre(
    node: FlowNode, payers: Mapping[str, Sequence[str]], place: Mapping[str, float]
) -> float:
    known = [place[payer] for payer in payers[node.address] if payer in place]
    return sum(known) / len(known) if known else 0.0
