"""Where the funds are: by kind of place, as an account with two equal sides, and way by way."""

from collections.abc import Mapping
from typing import Any

from forensics.cases.analysis import Analysis
from forensics.cases.report.words import named
from runtime.pictures.words import exact, rounded, short
from schemas.fundflow import NodeKind

MAX_WAYS = 60

_PLACES: Mapping[NodeKind, str] = {
    "victim": "Came back to the protocol",
    "attacker": "With the attacker's own accounts",
    "contract": "In the attacker's contracts",
    "account": "With accounts that were paid",
    "mixer": "Gone into mixers",
    "bridge": "Gone over bridges to other chains",
    "exchange": "At custodial exchanges",
    "pool": "In pools and other contracts",
    "protocol": "In contracts that the protocol knows",
    "fees": "Paid as transaction fees",
}


def where(analysis: Analysis) -> list[dict[str, str]]:
    """Return what is at which kind of place; what was exchanged is where the exchange led."""
    sums: dict[NodeKind, dict[str, int]] = {}
    for node in analysis.flow.nodes:
        for holding in node.stays:
            amounts = sums.setdefault(node.kind, {})
            amounts[holding.token] = amounts.get(holding.token, 0) + int(holding.amount)
    tokens = {token.token: token for token in analysis.flow.tokens}
    return [
        {
            "place": place,
            "amount": ", ".join(
                rounded(str(n), tokens[name].decimals, named(tokens[name].symbol, name))
                for name, n in sums[kind].items()
            ),
        }
        for kind, place in _PLACES.items()
        if kind in sums
    ]


def accounts(analysis: Analysis) -> list[dict[str, Any]]:
    """Return each token's account to the last digit: lines in, lines out, and both sums."""
    found = []
    for token in analysis.flow.tokens:
        came = [("Stolen from the protocol", token.stolen), ("Got in exchange", token.received)]
        went = [
            ("Held by the attacker and those who were paid", token.held),
            (_PLACES["victim"], token.returned),
            ("Exchanged for other tokens", token.exchanged),
            *((_PLACES[kind], amount) for kind, amount in token.ended),
        ]
        found.append(
            {
                "token": named(token.symbol, token.token),
                "came": _lines(came, token.decimals),
                "went": _lines(went, token.decimals),
            }
        )
    return found


def _lines(rows: list[tuple[str, str]], decimals: int | None) -> list[list[str]]:
    """Return the rows that are not nought, and their sum."""
    total = str(sum(int(amount) for _, amount in rows))
    shown = [*(row for row in rows if row[1] != "0"), ("Sum", total)]
    return [[words, exact(amount, decimals)] for words, amount in shown]


def ways(analysis: Analysis) -> list[dict[str, str]]:
    """Return the ways between accounts, in the order in which they were first used."""
    tokens = {token.token: token for token in analysis.flow.tokens}
    nodes = {node.address: node for node in analysis.flow.nodes}

    def shown(address: str) -> str:
        node = nodes[address]
        name = "fees" if node.kind == "fees" else node.label or short(address)
        return f"{name} ({node.kind})"

    return [
        {
            "block": f"{edge.block:,}",
            "kind": edge.kind,
            "source": shown(edge.source),
            "target": shown(edge.target),
            "amount": exact(
                edge.amount,
                tokens[edge.token].decimals,
                named(tokens[edge.token].symbol, edge.token),
            ),
            "tx": short(edge.tx),
        }
        for edge in analysis.flow.edges[:MAX_WAYS]
        if edge.kind != "fee"
    ]
