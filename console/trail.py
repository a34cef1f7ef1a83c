"""Where the stolen funds went, as they were followed over hops (`firebreak case report --publish`).

Pure. Drawn as the flows of single transactions are, with bridges, mixers and exchanges named, and
told once more as a table.
"""

from collections import defaultdict
from dataclasses import dataclass

from console.atlas import Atlas
from console.flows import Drawing, Pair, laid_out
from console.words import amount, short
from schemas.fundflow import FundFlow, Holding
from schemas.units import uint


@dataclass(frozen=True, slots=True)
class Stop:
    """An account that the funds came to."""

    address: str
    name: str
    kind: str
    hops: int
    stays: tuple[str, ...]
    """What of them is there, in words."""
    ended: str
    """Why they were not followed from here, '' where they were."""


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one token."""

    symbol: str
    stolen: str
    held: str
    returned: str
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trail:
    """All that is known of the way."""

    flow: FundFlow
    drawing: Drawing
    stops: tuple[Stop, ...]
    accounts: tuple[Account, ...]


def trail_of(flow: FundFlow | None, atlas: Atlas) -> Trail | None:
    """Return what a page shows of a trail, None where nobody has followed one."""
    if flow is None:
        return None
    tokens = {one.token: (one.symbol, one.decimals) for one in flow.tokens}

    def told(token: str, units: str) -> str:
        symbol, decimals = tokens.get(token) or atlas.token(flow.chain, token)
        return f"{amount(uint(units), decimals)} {short(symbol or token)}"

    def held(holdings: tuple[Holding, ...]) -> tuple[str, ...]:
        return tuple(told(one.token, one.amount) for one in holdings)

    between: dict[Pair, list[str]] = defaultdict(list)
    for edge in flow.edges:
        verb = "" if edge.kind == "transfer" else f" ({edge.kind})"
        between[edge.source, edge.target].append(f"{told(edge.token, edge.amount)}{verb}")
    known = {node.address: node for node in flow.nodes}
    names = {
        address: (
            (known[address].label or atlas.contract(flow.chain, address) or short(address)),
            known[address].kind,
        )
        if address in known
        else (short(address), "")
        for pair in between
        for address in pair
    }
    victims = [node.address for node in flow.nodes if node.kind == "victim"]
    return Trail(
        flow=flow,
        drawing=laid_out(between, victims, names, left_out=0),
        stops=tuple(
            Stop(node.address, node.label, node.kind, node.hops, held(node.stays), node.ended)
            for node in sorted(flow.nodes, key=lambda one: (one.hops, one.address))
        ),
        accounts=tuple(
            Account(
                symbol=one.symbol or short(one.token),
                stolen=told(one.token, one.stolen),
                held=told(one.token, one.held),
                returned=told(one.token, one.returned),
                ended=tuple(f"{told(one.token, units)} at {kind}" for kind, units in one.ended),
            )
            for one in flow.tokens
        ),
    )
