"""Where the money went: what the transactions of a case moved, as a graph and its drawing. Pure.

Nodes stand in columns, by how many hops they lie from who sent the transactions; networkx places
them. The drawing is plain SVG without script or style; the table beside it says the same.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import networkx as nx

from console.atlas import Atlas
from console.words import amount, short
from schemas.chain import Transaction
from schemas.units import uint

MOST_FLOWS = 40
"""Of too many the first that moved are kept: later ones are the thief's own shuffling."""

WIDTH = 200
HEIGHT = 64
GAP_X = 210
GAP_Y = 30
LINE = 19
"""Pixels: of a place, between two of them, and of a line of text."""

Flow = tuple[str, str, str]
"""Who gave, who got, and of which token."""

Pair = tuple[str, str]
"""Who gave, and who got."""


@dataclass(frozen=True, slots=True)
class Place:
    """An account in the drawing; x and y are of its upper left corner."""

    address: str
    name: str
    role: str
    """What kind of account it is, in a word; '' for one that nothing is known of."""
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Label:
    """An amount beside its arrow."""

    words: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Moved:
    """What went from one account to another; each token's amounts together."""

    source: Place
    target: Place
    labels: tuple[Label, ...]
    path: str
    """As an SVG path."""


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
    sums: dict[Flow, int] = defaultdict(int)
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
    kept = dict(list(sums.items())[:MOST_FLOWS])
    between: dict[Pair, list[str]] = defaultdict(list)
    for (source, target, token), units in kept.items():
        symbol, decimals = atlas.token(chain, token)
        between[source, target].append(f"{amount(units, decimals)} {short(symbol)}")
    nodes = [node for pair in between for node in pair]
    names = {node: _named(node, senders, created, chain, atlas) for node in nodes}
    return laid_out(between, senders, names, left_out=len(sums) - len(kept))


def laid_out(
    between: Mapping[Pair, list[str]],
    roots: Iterable[str],
    names: Mapping[str, tuple[str, str]],
    *,
    left_out: int,
) -> Drawing:
    """Return a drawing of what went `between` accounts, in words; `names` has each account's name
    and role, `roots` stand on the left."""
    if not between:
        return Drawing()
    places = _places(between, [one for one in roots if one in names], names)
    return Drawing(
        places=tuple(places.values()),
        moved=tuple(
            _arrow(places[source], places[target], words)
            for (source, target), words in between.items()
        ),
        width=max(one.x for one in places.values()) + WIDTH + 20,
        height=max(one.y for one in places.values()) + HEIGHT + 40,
        left_out=left_out,
    )


def _named(
    node: str, senders: Container[str], created: Container[str], chain: str, atlas: Atlas
) -> tuple[str, str]:
    """Return what an account is called, and its role."""
    known = atlas.contract(chain, node)
    if node in senders:
        return known or "the sender", "sender"
    if known:
        return known, "protocol"
    if node in created:
        return "a contract it created", "created"
    return short(node), ""


def _places(
    between: Mapping[Pair, list[str]],
    roots: list[str],
    names: Mapping[str, tuple[str, str]],
) -> dict[str, Place]:
    graph: nx.Graph[str] = nx.Graph(list(between))
    start = set(roots) or {next(iter(graph))}
    distance = dict(nx.multi_source_dijkstra_path_length(graph, start))
    furthest = max(distance.values(), default=0)
    columns: dict[int, list[str]] = defaultdict(list)
    for node in graph:
        graph.nodes[node]["column"] = int(distance.get(node, furthest + 1))
        columns[graph.nodes[node]["column"]].append(node)
    layout = nx.multipartite_layout(graph, subset_key="column")
    # As high as the labels between two places need.
    most = max(len(between.get((a, b), ())) + len(between.get((b, a), ())) for a, b in graph.edges)
    row = max(HEIGHT, most * LINE) + GAP_Y
    tallest = max(map(len, columns.values()))
    found: dict[str, Place] = {}
    for column, nodes in sorted(columns.items()):
        ordered = sorted(nodes, key=lambda node: float(layout[node][1]))
        top = 30 + (tallest - len(nodes)) * row / 2
        for number, node in enumerate(ordered):
            x, y = 10 + column * (WIDTH + GAP_X), top + number * row
            found[node] = Place(node, *names[node], x, y)
    return found


def _arrow(source: Place, target: Place, words: list[str]) -> Moved:
    """Return an arrow: those to the right leave above the middle, with their labels above, those to
    the left below it, with their labels below; so that one back and one forth do not meet."""
    if source.x == target.x:
        x, y1, y2 = source.x + WIDTH, source.y + HEIGHT / 2, target.y + HEIGHT / 2
        path = f"M{x:g} {y1:g} C{x + 70:g} {y1:g} {x + 70:g} {y2:g} {x:g} {y2:g}"
        middle = (y1 + y2) / 2
        placed = [Label(one, x + 60, middle + LINE * n) for n, one in enumerate(words)]
        return Moved(source, target, tuple(placed), path)
    right = target.x > source.x
    x1, x2 = (source.x + WIDTH, target.x) if right else (source.x, target.x + WIDTH)
    shift = HEIGHT / 2 + (-12 if right else 12)
    y1, y2, bend = source.y + shift, target.y + shift, (60 if right else -60)
    path = f"M{x1:g} {y1:g} C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}"
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    first = y - 6 - LINE * (len(words) - 1) if right else y + LINE
    placed = [Label(one, x, first + LINE * n) for n, one in enumerate(words)]
    return Moved(source, target, tuple(placed), path)
