"""Who had to do with the attacker's side: who paid it, who got from it, who made the same code.

Everybody named here is `linked`, save who made a contract of the attack: to be paid by a thief, or
to run the same code, says nothing about guilt, and the report says so beside each reason.
"""

from collections import defaultdict
from collections.abc import Iterable

from forensics.cases.dossier import Dossier
from forensics.cases.suspicion import Side
from forensics.cases.trail import Surroundings, Trail
from forensics.cases.transactions import Transaction
from schemas.units import NATIVE

MAX_LINKS = 200
"""Accounts that are named for each kind of link."""


def link(
    side: Side,
    dossier: Dossier,
    prepared: Iterable[Transaction],
    trail: Trail,
    around: Surroundings,
) -> None:
    """Name on the side whom the records, the preparations and the trail show."""
    _makers(side, dossier)
    _funders(side, prepared)
    _receivers(side, trail, around)


def _makers(side: Side, dossier: Dossier) -> None:
    codes: dict[str, str] = {}
    for made in dossier.deployments:
        if made.address in side.members:
            codes[made.code_hash] = made.address
            side.accuse(made.creator, "member", f"deployed {made.address}", made.tx)
    for made in dossier.deployments[: MAX_LINKS * 10]:
        twin = codes.get(made.code_hash)
        if twin is not None and made.address not in side.members:
            side.accuse(made.creator, "linked", f"deployed the same code as {twin}", made.tx)


def _funders(side: Side, prepared: Iterable[Transaction]) -> None:
    for tx in prepared:
        for token, sender, to, amount in tx.movements:
            if token == NATIVE and to in side.members and sender not in side.members:
                side.accuse(sender, "linked", f"paid {to} {amount} wei before the attack", tx.hash)


def _receivers(side: Side, trail: Trail, around: Surroundings) -> None:
    payers: dict[str, dict[str, str]] = defaultdict(dict)
    for (source, target, _, kind), edge in trail.edges.items():
        if kind == "transfer" and source not in trail.ended and target not in around.victims:
            payers[target].setdefault(source, edge.tx)
    for target in list(payers)[:MAX_LINKS]:
        paid = payers[target]
        first = next(iter(paid.values()))
        if target not in side.members and target not in trail.ended:
            away = trail.hops.get(target, 0)
            side.accuse(target, "linked", f"got stolen funds, {away} steps away", first)
        ended = trail.ended.get(target)
        if len(paid) > 1 and (ended is None or ended[0] != "pool"):
            told = ", ".join(sorted(paid)[:5])
            side.accuse(target, "linked", f"common counterparty of {told}", first)
