"""The analysis of one incident, from its records and from what evidence answers. Deterministic: the
same answers give the same analysis, so what was collected once can be analysed by anybody."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from forensics.cases.accounts import Subject, fund_flow, unexplained
from forensics.cases.analysis import Analysis, Attempt, Member, Theft
from forensics.cases.asking import Evidence, NotGivenError
from forensics.cases.causes import causes, techniques
from forensics.cases.chronicle import Course, chronicle
from forensics.cases.company import link
from forensics.cases.documents import document
from forensics.cases.dossier import Dossier
from forensics.cases.following import Follower
from forensics.cases.labels import Labels
from forensics.cases.losses import losses
from forensics.cases.measures import brakes, passed
from forensics.cases.node_facts import NodeFacts
from forensics.cases.quotes import quotes
from forensics.cases.scanning import Scan
from forensics.cases.suspicion import Side, anchor, losses_of
from forensics.cases.trail import Limits, Surroundings
from forensics.cases.transactions import Transaction, address, quantity
from runtime.pictures.words import rounded
from schemas.alerts import Alert
from schemas.errors import ConfigurationError
from schemas.fundflow import NodeKind
from schemas.manifest import Manifest
from schemas.units import NATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How far an analysis looks."""

    lookback: int = 50
    """Blocks before the attack, for how it was prepared."""
    follow: int = 300
    """Blocks after the last alert about it, for where the funds went."""
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class _Found:
    """What the walk through the blocks brought up."""

    prepared: list[Transaction]
    thefts: list[Transaction]
    attempts: list[Transaction]
    last: int


def investigate(
    evidence: Evidence, dossier: Dossier, manifest: Manifest, labels: Labels, reach: Reach
) -> Analysis:
    """Return everything that is found.

    Raises `ConfigurationError` when there is no attack to follow, or nobody knows its transaction.
    """
    document(evidence, dossier)
    chief = anchor(dossier)
    side, ours, began = _attackers(evidence, dossier, chief, manifest, labels)
    head = _head(evidence)
    first = max(0, began - reach.lookback)
    last = min(head, max(alert.block for alert in ours) + reach.follow)
    facts = NodeFacts(evidence, last)
    around = _surroundings(manifest, labels, facts)
    follower = Follower(around, side.members, reach.limits)
    found = _walk(evidence, follower, side, (first, began, last), around.victims)
    link(side, dossier, found.prepared, follower.trail, around)
    subject = Subject(
        chain=dossier.incident.chain,
        protocol=dossier.incident.protocol,
        incident=dossier.incident.id,
        first=first,
        last=max(first, found.last),
        labels=labels.version if labels.labels else "",
    )

    def token(name: str) -> tuple[str, int | None]:
        stated = next((info for info in manifest.tokens if info.address == name), None)
        return (stated.symbol, stated.decimals) if stated else facts.token(name)

    def amount(name: str, number: int) -> str:
        symbol, decimals = token(name)
        return rounded(str(number), decimals, symbol or ("coin" if name == NATIVE else name[:10]))

    flow = fund_flow(subject, follower.trail, around, side.members, token)
    kinds: Mapping[str, NodeKind] = {node.address: node.kind for node in flow.nodes}
    thefts = tuple(_theft(tx, around.victims) for tx in found.thefts)
    attempts = tuple(Attempt(tx=t.hash, block=t.block, at=t.timestamp) for t in found.attempts)
    course = Course(
        prepared=found.prepared, thefts=thefts, attempts=attempts, way=follower.trail.way
    )
    pairs = [(c.address, c.name) for c in manifest.contracts if c.role == "pair"]
    return Analysis(
        incident=dossier.incident.id,
        chain=dossier.incident.chain,
        protocol=dossier.incident.protocol,
        name=manifest.name or manifest.protocol,
        phase=dossier.incident.phase,
        severity=dossier.incident.severity,
        summary=dossier.incident.summary,
        first=first,
        last=subject.last,
        anchor=chief.tx,
        techniques=techniques(ours),
        thefts=thefts,
        losses=losses(thefts, manifest, facts, around.victims, token),
        quotes=tuple(quotes(evidence, pairs, max(0, began - 1), token)),
        brakes=brakes(dossier),
        hops=passed(dossier),
        attempts=attempts,
        alerts=len(dossier.alerts),
        other_alerts=len(dossier.alerts) - len(ours),
        moments=chronicle(dossier, course, lambda name: kinds.get(name, "account"), amount),
        members=tuple(_members(side, around)),
        causes=causes(ours, found.thefts, around.victims, frozenset(side.members)),
        flow=flow,
        unexplained=tuple(
            (account, name, str(amount))
            for (account, name), amount in unexplained(
                follower.trail, facts.balance, subject.last
            ).items()
        ),
        gaps=(*dossier.doubted, *follower.trail.gaps),
    )


def _attackers(
    evidence: Evidence, dossier: Dossier, chief: Alert, manifest: Manifest, labels: Labels
) -> tuple[Side, list[Alert], int]:
    """Return the attacker's side as the alerts show it, the alerts about it, and their first
    block."""
    named = labels.on(manifest.chain)
    others = {name for name, label in named.items() if label.kind != "account"}
    side = Side(manifest.addresses | others)
    parties = {alert.id: _parties(evidence, alert.tx) for alert in dossier.alerts}
    sender, called = parties[chief.id]
    if not sender:
        raise ConfigurationError(
            f"no node knows transaction {chief.tx}: give one that holds block {chief.block}"
        )
    ours = []
    for alert in dossier.alerts:
        who, to = parties[alert.id]
        same = bool(called) and to == called and called not in manifest.addresses | others
        if who == sender or same:
            side.accuse(who, "member", "sent a transaction of the attack", alert.tx)
            ours.append(alert)
    return side, ours, min(alert.block for alert in ours)


def _parties(evidence: Evidence, tx: str) -> tuple[str, str]:
    try:
        envelope = evidence.ask("eth_getTransactionByHash", tx)
    except NotGivenError:
        return "", ""
    if not isinstance(envelope, Mapping):
        return "", ""
    return address(envelope.get("from")), address(envelope.get("to"))


def _head(evidence: Evidence) -> int:
    try:
        return quantity(evidence.ask("eth_blockNumber"))
    except NotGivenError as error:
        raise ConfigurationError(f"no node says how far its chain goes: {error}") from error


def _surroundings(manifest: Manifest, labels: Labels, facts: NodeFacts) -> Surroundings:
    victims = frozenset(c.address for c in manifest.contracts if c.holds_value)
    names = {contract.address: contract.name for contract in manifest.contracts}
    tokens = {info.address for info in manifest.tokens}
    return Surroundings(
        victims=victims - tokens,
        protocol=names,
        labels=labels.on(manifest.chain),
        balance=facts.balance,
        has_code=facts.has_code,
    )


def _walk(
    evidence: Evidence,
    follower: Follower,
    side: Side,
    span: tuple[int, int, int],
    victims: frozenset[str],
) -> _Found:
    """Take every transaction of the blocks in order; `span`: first block, of the attack, last."""
    first, began, last = span
    scan = Scan(evidence, lambda gap: follower.trail.gaps.setdefault(gap[:500]))
    found = _Found([], [], [], first - 1)
    for block in scan.blocks(first, last):
        for bare in block:
            tx, lost = bare, {}
            if follower.concerns(bare):
                tx = scan.traced(bare)
                if tx.sender in side.members and tx.block >= began:
                    lost = dict(losses_of(tx, victims))
                side.learn(tx, lost)
                _sort(found, tx, side, stolen=bool(lost))
            follower.apply(tx, theft=bool(lost))
        found.last += 1
    return found


def _sort(found: _Found, tx: Transaction, side: Side, *, stolen: bool) -> None:
    if stolen:
        found.thefts.append(tx)
    elif not found.thefts:
        found.prepared.append(tx)
    elif not tx.ok and tx.sender in side.members:
        found.attempts.append(tx)


def _theft(tx: Transaction, victims: frozenset[str]) -> Theft:
    lost: dict[str, Any] = {token: str(n) for token, n in losses_of(tx, victims).items()}
    return Theft(tx=tx.hash, block=tx.block, at=tx.timestamp, lost=lost)


def _members(side: Side, around: Surroundings) -> Iterator[Member]:
    ordered: Iterable[str] = sorted(
        side.suspects, key=lambda name: side.suspects[name].standing != "member"
    )
    for name in ordered:
        suspect, label = side.suspects[name], around.labels.get(name)
        yield Member(
            address=name,
            standing=suspect.standing,
            reasons=tuple(suspect.reasons.items()),
            label=label.name if label else "",
        )
