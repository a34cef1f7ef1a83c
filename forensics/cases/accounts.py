"""The trail as a record, with both sides of each token's account shown to be equal.

`stolen + received = held + returned + exchanged + ended`, to the unit, or `UnsafeToContinueError`:
an account that does not add up is our own mistake and nobody may be shown it.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from forensics.cases.folding import folded
from forensics.cases.trail import Surroundings, Trail
from schemas.errors import UnsafeToContinueError
from schemas.fundflow import (
    EdgeKind,
    FlowEdge,
    FlowNode,
    FlowToken,
    FundFlow,
    Holding,
    NodeKind,
)
from schemas.ids import content_id

TokenName = tuple[str, int | None]
"""Symbol and decimals; '' and None where nobody says."""

Amounts = Mapping[str, Mapping[str, int]]
"""By account and token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Which incident a picture is of, and what was looked through for it."""

    chain: str
    protocol: str
    incident: str
    first: int
    last: int
    labels: str = ""


def fund_flow(
    subject: Subject,
    trail: Trail,
    around: Surroundings,
    attackers: Iterable[str],
    tokens: Callable[[str], TokenName],
) -> FundFlow:
    """Return the record of a trail."""
    stays = _stays(trail)
    nodes = tuple(_nodes(trail, around, frozenset(attackers), tokens, stays))
    edges = tuple(
        FlowEdge(
            source=source,
            target=target,
            token=token,
            kind=kind,
            amount=str(edge.amount),
            total=str(edge.total),
            transfers=edge.transfers,
            tx=edge.tx,
            block=edge.block,
        )
        for (source, target, token, kind), edge in trail.edges.items()
    )
    nodes, edges = folded(nodes, edges)
    return FundFlow(
        id=content_id("fund-flow", subject.chain, subject.incident, subject.first, subject.last),
        chain=subject.chain,
        protocol=subject.protocol,
        incident=subject.incident,
        rule="fifo",
        first=subject.first,
        last=subject.last,
        labels=subject.labels,
        nodes=nodes,
        edges=edges,
        tokens=tuple(_balanced(trail, stays, tokens)),
        gaps=tuple(gap[:500] for gap in list(trail.gaps)[:64]),
    )


def unexplained(
    trail: Trail, balance: Callable[[str, str, int], int | None], last: int
) -> Mapping[tuple[str, str], int]:
    """Return by account and token how much more (or less) the chain shows at the end than the
    movements that were seen explain. Empty: every account on the trail adds up with the chain."""
    found = {}
    for (account, token), purse in trail.purses.items():
        shown = balance(account, token, last)
        if shown is not None and shown != purse.total:
            found[account, token] = shown - purse.total
    return found


def _stays(trail: Trail) -> Amounts:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for (account, token), purse in trail.purses.items():
        if purse.stolen:
            found[account][token] = purse.stolen
    for (account, token), amount in trail.stays.items():
        if amount:
            found[account][token] = found[account].get(token, 0) + amount
    return found


def _nodes(
    trail: Trail,
    around: Surroundings,
    attackers: frozenset[str],
    tokens: Callable[[str], TokenName],
    stays: Amounts,
) -> Iterable[FlowNode]:
    traded: dict[str, dict[str, int]] = defaultdict(dict)
    for (account, token), amount in trail.exchanged.items():
        traded[account][token] = amount
    names = dict.fromkeys(name for source, target, _, _ in trail.edges for name in (source, target))
    moved = {token for _, _, token, _ in trail.edges}
    for name in names:
        kind, why = _kind(name, trail, around, attackers)
        label = around.labels.get(name)
        called = label.name if label else around.protocol.get(name, "")
        if not called and name in moved:
            called = f"token {tokens(name)[0]}".strip()
        yield FlowNode(
            address=name,
            kind=kind,
            label=called,
            hops=trail.hops.get(name, 0),
            stays=_holdings(stays.get(name, {})),
            exchanged=_holdings(traded.get(name, {})),
            ended=why,
        )


def _holdings(amounts: Mapping[str, int]) -> tuple[Holding, ...]:
    return tuple(Holding(token=token, amount=str(amount)) for token, amount in amounts.items())


def _kind(
    name: str, trail: Trail, around: Surroundings, attackers: frozenset[str]
) -> tuple[NodeKind, str]:
    if name in trail.ended:
        return trail.ended[name]
    if name in around.victims:
        return "victim", ""
    if name in attackers:
        return ("contract" if around.has_code(name) else "attacker"), ""
    return "account", ""


def _balanced(
    trail: Trail, stays: Amounts, tokens: Callable[[str], TokenName]
) -> Iterable[FlowToken]:
    """Yield each token's account."""
    for token in dict.fromkeys(token for _, _, token, _ in trail.edges):
        came: Counter[EdgeKind] = Counter()
        for (_, _, moved, way), edge in trail.edges.items():
            if moved == token:
                came[way] += edge.amount
        held, ended = 0, Counter[NodeKind]()
        for account, amounts in stays.items():
            if account in trail.ended:
                ended[trail.ended[account][0]] += amounts.get(token, 0)
            else:
                held += amounts.get(token, 0)
        traded = sum(amount for (_, name), amount in trail.exchanged.items() if name == token)
        stolen, received = came["theft"], came["exchange"]
        if stolen + received != held + traded + ended.total():
            raise UnsafeToContinueError(
                f"{token}: {stolen} stolen and {received} received, but {held} held, {traded} "
                f"exchanged and {ended.total()} gone: the trail does not add up"
            )
        symbol, decimals = tokens(token)
        yield FlowToken(
            token=token,
            symbol=symbol,
            decimals=decimals,
            stolen=str(stolen),
            received=str(received),
            held=str(held),
            returned=str(ended.pop("victim", 0)),
            exchanged=str(traded),
            ended=tuple((kind, str(amount)) for kind, amount in ended.items() if amount),
        )
