"""Where the funds of an incident went, drawn: `fund_flow_svg(flow)` returns a whole SVG document.

Kinds of account are told by words as well as by colour (Okabe and Ito's palette, which people with
any colour vision tell apart).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from runtime.pictures.layers import columns, drawn
from runtime.pictures.svg import FAINT, INK, PAPER, document, text
from runtime.pictures.ways import Box, Curve, Pair, curves, place
from runtime.pictures.words import exact, plain, rounded, short, xml
from schemas.fundflow import FlowEdge, FlowNode, FlowToken, FundFlow, Holding, NodeKind

_WIDTH, _GAP_X, _GAP_Y, _MARGIN = 212, 184, 30, 24
_LINE, _PAD = 17, 10
_MOST_LINES = 3
_MOST_SPOKEN = 50
"""Amounts of one account that are read out, of each kind."""

_COLOURS: Mapping[NodeKind, str] = {
    "victim": "#0072B2",
    "attacker": "#D55E00",
    "contract": "#E69F00",
    "account": "#7F7F7F",
    "mixer": "#CC79A7",
    "bridge": "#009E73",
    "exchange": "#56B4E9",
    "pool": "#B5A900",
    "protocol": "#5B7FA6",
    "fees": "#7F7F7F",
}
_TITLES: Mapping[NodeKind, str] = {
    "victim": "VICTIM",
    "attacker": "ATTACKER",
    "contract": "ATTACKER'S CONTRACT",
    "account": "ACCOUNT",
    "mixer": "MIXER: trail ends",
    "bridge": "BRIDGE: other chain",
    "exchange": "EXCHANGE: custodial",
    "pool": "POOL: mingles, ends",
    "protocol": "KNOWN CONTRACT",
    "fees": "FEES",
}


class _Theme(NamedTuple):
    paper: str
    box: str
    ink: str
    faint: str
    way: str


_THEMES: Mapping[str, _Theme] = {
    "light": _Theme(PAPER, "#f6f7f9", INK, FAINT, "#8a93a0"),
    "dark": _Theme("#0d1117", "#171d26", "#e8edf3", "#9aa6b5", "#6f7b8a"),
}


def fund_flow_svg(flow: FundFlow, theme: Literal["light", "dark"] = "light") -> str:
    """Return the picture. It scales to the width it is given."""
    look = _THEMES[theme]
    tokens = {token.token: token for token in flow.tokens}
    nodes, missing = drawn(flow)
    known = {node.address for node in nodes}
    edges = [edge for edge in flow.edges if edge.source in known and edge.target in known]
    boxes, width, height = _boxes(columns(nodes, edges))
    note = f"{missing} more accounts are not drawn" if missing else ""
    body = [
        *_ways(edges, boxes, tokens, look),
        *(line for node in nodes for line in _box(node, boxes[node.address], tokens, look)),
    ]
    if note:
        body.append(text((_MARGIN, height - 8), note, look.faint, 12))
    label = f"Fund flow: {len(nodes)} accounts, {len(edges)} ways"
    return document((width, height), label, body, look.paper)


def _boxes(placed: list[list[FlowNode]]) -> tuple[dict[str, Box], float, float]:
    """Return each account's box, and the size of the whole."""
    heights = [[_height(node) for node in column] for column in placed]
    tallest = max((sum(ones) + _GAP_Y * (len(ones) - 1) for ones in heights), default=0)
    found: dict[str, Box] = {}
    for number, (column, ones) in enumerate(zip(placed, heights, strict=True)):
        x, y = _MARGIN + number * (_WIDTH + _GAP_X), _MARGIN + tallest / 2
        y -= (sum(ones) + _GAP_Y * (len(ones) - 1)) / 2
        for node, height in zip(column, ones, strict=True):
            found[node.address] = Box(x, y, _WIDTH, height)
            y += height + _GAP_Y
    width = 2 * _MARGIN + len(placed) * (_WIDTH + _GAP_X) - _GAP_X
    return found, max(width, 320), tallest + 2 * _MARGIN


def _height(node: FlowNode) -> float:
    lines = 2 + bool(node.label) + len(_contents(node))
    return 2 * _PAD + lines * _LINE


def _contents(node: FlowNode) -> list[tuple[str, Holding | None]]:
    """Return what a box says of funds, line by line."""
    stays = "back" if node.kind == "victim" else "stays"
    lines: list[tuple[str, Holding | None]] = [(f"{stays}: ", holding) for holding in node.stays]
    lines += [("swapped: ", holding) for holding in node.exchanged]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], (f"and {len(lines) - _MOST_LINES} more", None)]
    return lines


def _box(node: FlowNode, box: Box, tokens: Mapping[str, FlowToken], look: _Theme) -> Iterator[str]:
    colour = _COLOURS[node.kind]
    dash = ' stroke-dasharray="5 3"' if node.kind in ("pool", "protocol") else ""
    yield f"<g><title>{xml(_spoken(node, tokens))}</title>"
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTH}" height="{box.height:g}" rx="6" '
        f'fill="{look.box}" stroke="{colour}" stroke-width="1.6"{dash}/>'
        f'<rect x="{box.x:g}" y="{box.y:g}" width="6" height="{box.height:g}" rx="3" '
        f'fill="{colour}"/>'
    )
    x, y = box.x + 16, box.y + _PAD + 12
    yield text((x, y), _TITLES[node.kind], look.ink, 11, bold=True)
    if node.label:
        y += _LINE
        yield text((x, y), plain(node.label, 25), look.ink, 13)
    y += _LINE
    yield text((x, y), short(node.address), look.faint, 12)
    for words, holding in _contents(node):
        y += _LINE
        told = ""
        if holding is not None:
            told = _amount(holding.amount, holding.token, tokens.get(holding.token))
        ink = look.ink if words.startswith(("stays", "back")) else look.faint
        yield text((x, y), words + told, ink, 12, bold=ink == look.ink)
    yield "</g>"


def _ways(
    edges: Iterable[FlowEdge],
    boxes: Mapping[str, Box],
    tokens: Mapping[str, FlowToken],
    look: _Theme,
) -> Iterator[str]:
    pairs: dict[Pair, list[FlowEdge]] = defaultdict(list)
    for edge in edges:
        pairs[edge.source, edge.target].append(edge)
    run = curves(list(pairs), boxes)
    for pair, found in pairs.items():
        yield _way(found, run[pair], look)
    taken = list(boxes.values())
    for pair, found in pairs.items():
        lines = _lines(found, tokens)
        room = place(run[pair], 7.1 * max(map(len, lines)) + 8, 15 * len(lines), taken)
        taken.append(room)
        yield (
            f'<rect x="{room.x:g}" y="{room.y:g}" width="{room.width:g}" '
            f'height="{room.height:g}" rx="3" fill="{look.paper}" fill-opacity="0.92"/>'
        )
        for number, line in enumerate(lines):
            at = room.x + room.width / 2, room.y + 11.5 + 15 * number
            yield text(at, line, look.ink, 11.5, anchor="middle")


def _way(edges: list[FlowEdge], curve: Curve, look: _Theme) -> str:
    theft = any(edge.kind == "theft" for edge in edges)
    dash = ' stroke-dasharray="6 4"' if all(edge.kind == "exchange" for edge in edges) else ""
    colour = _COLOURS["attacker"] if theft else look.way
    x1, y1, c1, c2, x2, y2, leftward = curve
    back = x2 + (9 if leftward else -9)
    return (
        f'<path d="M{x1:g} {y1:g}C{c1:g} {y1:g} {c2:g} {y2:g} {x2:g} {y2:g}" fill="none" '
        f'stroke="{colour}" stroke-width="{2.4 if theft else 1.8}"{dash}/>'
        f'<path d="M{x2:g} {y2:g}L{back:g} {y2 - 5:g}L{back:g} {y2 + 5:g}Z" fill="{colour}"/>'
    )


def _lines(edges: list[FlowEdge], tokens: Mapping[str, FlowToken]) -> list[str]:
    found = [
        ("⇄ " if edge.kind == "exchange" else "")
        + _amount(edge.amount, edge.token, tokens.get(edge.token))
        for edge in edges[:_MOST_LINES]
    ]
    if len(edges) > _MOST_LINES:
        found.append(f"and {len(edges) - _MOST_LINES} more")
    return found


def _amount(amount: str, name: str, token: FlowToken | None) -> str:
    if token is None:
        return rounded(amount, None)
    return rounded(amount, token.decimals, token.symbol or short(name))


def _spoken(node: FlowNode, tokens: Mapping[str, FlowToken]) -> str:
    """Return all that is known of an account, exactly, for who points at it or has it read out."""
    parts = [_TITLES[node.kind], plain(node.label, 128), node.address, plain(node.ended, 200)]
    for words, holdings in (("stays", node.stays), ("swapped", node.exchanged)):
        for holding in holdings[:_MOST_SPOKEN]:
            token = tokens.get(holding.token)
            if token is not None:
                parts.append(f"{words}: {exact(holding.amount, token.decimals, token.symbol)}")
        if len(holdings) > _MOST_SPOKEN:
            parts.append(f"and {len(holdings) - _MOST_SPOKEN} more")
    return "; ".join(filter(None, parts))
