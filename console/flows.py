"""Where the money went: what the transactions of a case moved, as a graph and its drawing. Pure.

Nodes stand in columns, by how many hops they lie from who sent the transactions; networkx places
them. The drawing is plain SVG without script or style; the table beside it says the same.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx

from console.atlas import Atlas
from console.words import amount, short
from schemas.chain import Transaction
from schemas.units import uint

MOST_EDGES = 40
"""Of too many the first that moved are kept: later ones are the thief's own shuffling."""

WIDTH = 190
HEIGHT = 64
GAP_X = 130
GAP_Y = 26


@dataclass(frozen=True, slots=True)
class Place:
    """An account in the drawing; x and y are of its upper left corner."""

    address: str
    name: str
    role: str
    """`sender`, `protocol`, `created` or `other`."""
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Moved:
    """What went from one account to another, all of it together."""

    source: Place
    target: Place
    token: str
    amount: str
    path: str
    """As an SVG path."""
    label_x: float
    label_y: float

    @property
    def words(self) -> str:
        """Return it as people read it."""
        return f"{self.amount} {self.token}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it; empty when nothing moved."""

    places: tuple[Place, ...] = ()
    moved: tuple[Moved, ...] = ()
    width: float = 0
    height: float = 0
    left_out: int = 0


def drawing(transactions: Iterable[Transaction], atlas: Atlas) -> Drawing:
    """Return what these transactions moved."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    senders: dict[str, None] = {}
    created: set[str] = set()
    chain = ""
    for transaction in transactions:
        chain = transaction.chain
        created |= set(transaction.created)
        if transaction.sender is not None:
            senders[transaction.sender] = None
        for flow in transaction.flows:
            sums[flow.sender, flow.to, flow.token] += uint(flow.amount)
    kept = dict(list(sums.items())[:MOST_EDGES])
    if not kept:
        return Drawing()
    places = _places(kept, senders, created, chain, atlas)
    moved = _moved(kept, places, chain, atlas)
    return Drawing(
        places=tuple(places.values()),
        moved=moved,
        width=max(one.x for one in places.values()) + WIDTH + 20,
        height=max(one.y for one in places.values()) + HEIGHT + 20,
        left_out=len(sums) - len(kept),
    )


def _places(
    kept: Iterable[tuple[str, str, str]],
    senders: Iterable[str],
    created: set[str],
    chain: str,
    atlas: Atlas,
) -> dict[str, Place]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_edges_from((source, target) for source, target, _ in kept)
    roots = [one for one in senders if one in graph] or [next(iter(graph))]
    distance = dict(nx.multi_source_dijkstra_path_length(graph, set(roots)))
    furthest = max(distance.values(), default=0)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in graph:
        columns[int(distance.get(node, furthest + 1))].append(node)
    for column, nodes in columns.items():
        for node in nodes:
            graph.nodes[node]["column"] = column
    layout = nx.multipartite_layout(graph, subset_key="column")
    tallest = max(len(nodes) for nodes in columns.values())
    found: dict[str, Place] = {}
    for column, nodes in sorted(columns.items()):
        ordered = sorted(nodes, key=lambda node: float(layout[node][1]))
        top = (tallest - len(nodes)) * (HEIGHT + GAP_Y) / 2
        for row, node in enumerate(ordered):
            known = atlas.contract(chain, node)
            role = "other"
            if node in roots and node in senders:
                role = "sender"
            elif known:
                role = "protocol"
            elif node in created:
                role = "created"
            name = known or {"sender": "the sender", "created": "a contract it created"}.get(
                role, ""
            )
            x, y = 10 + column * (WIDTH + GAP_X), 10 + top + row * (HEIGHT + GAP_Y)
            found[node] = Place(node, name or short(node), role, x, y)
    return found


def _moved(
    kept: dict[tuple[str, str, str], int], places: dict[str, Place], chain: str, atlas: Atlas
) -> tuple[Moved, ...]:
    between: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for (source, target, token), units in kept.items():
        pair = (min(source, target), max(source, target))
        place, between[pair] = between[pair], between[pair] + 1
        path, x, y = _path(places[source], places[target], place)
        symbol, decimals = atlas.token(chain, token)
        found.append(
            Moved(
                places[source], places[target], short(symbol), amount(units, decimals), path, x, y
            )
        )
    return tuple(found)


def _path(source: Place, target: Place, place: int) -> tuple[str, float, float]:
    """Return a curve and where its label stands; `place` keeps several of a pair apart."""
    shift = place * 18
    rightwards = target.x > source.x
    x1 = source.x + (WIDTH if rightwards or target.x == source.x else 0)
    x2 = target.x + (0 if rightwards else WIDTH)
    y1, y2 = source.y + 20 + shift, target.y + 20 + shift
    bend = 60 if rightwards else -60
    if target.x == source.x:
        bend_x = x1 + 70
        path = f"M{x1} {y1} C{bend_x} {y1} {bend_x} {y2} {x2} {y2}"
        return path, x1 + 8, (y1 + y2) / 2 - 4
    path = f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"
    return path, (x1 + x2) / 2, (y1 + y2) / 2 - 5
