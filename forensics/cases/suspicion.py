"""Which transactions of a case are the attack, and who stands on the attacker's side, and why.

A case gathers all alerts of a protocol that are close in time, honest ones among them. The attack
is told from them by its anchor: the alert that a brake answered, else the gravest that stands. Who
sent the anchor is the attacker. Theft is what the attacker's side sends, from the block of the
first alert about it on, and leaves the protocol with less of some token.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from forensics.cases.dossier import Dossier
from forensics.cases.settlement import nets
from forensics.cases.transactions import Transaction
from schemas.alerts import SEVERITIES, Alert
from schemas.errors import ConfigurationError
from schemas.units import Address

Standing = Literal["member", "linked"]
"""`member`: acted in the attack, or was made by who did. `linked`: had to do with a member; that
alone says nothing about guilt."""


@dataclass(slots=True)
class Suspect:
    """An account, and each reason why it is named, with the transaction that shows it."""

    address: Address
    standing: Standing
    reasons: dict[str, str] = field(default_factory=dict)
    """Reason to the transaction that shows it, '' where no single one does."""


class Side:
    """The attacker's side, as it becomes known."""

    def __init__(self, others: frozenset[str]) -> None:
        """`others` are known to be somebody else: the protocol's contracts, labelled accounts."""
        self.members: set[str] = set()
        """The addresses of all members; shared with who follows them."""
        self.suspects: dict[str, Suspect] = {}
        self._others = others

    def accuse(self, address: str, standing: Standing, reason: str, tx: str = "") -> None:
        """Name an account with a reason; whoever is known to be somebody else is never a member."""
        if not address or (standing == "member" and address in self._others):
            return
        suspect = self.suspects.setdefault(address, Suspect(address, standing))
        if standing == "member":
            suspect.standing = "member"
            self.members.add(address)
        suspect.reasons.setdefault(reason, tx)

    def learn(self, tx: Transaction, lost: Iterable[str] = ()) -> None:
        """Learn from a transaction that concerns the side; `lost` are the tokens that it left the
        victims with less of, none when it is no theft."""
        for made, by in tx.created:
            if by in self.members or tx.sender in self.members:
                self.accuse(made, "member", f"created by {by}", tx.hash)
        tokens = set(lost)
        if not tokens:
            return
        gains = nets(tx.movements).get(tx.to, {})
        if any(gains.get(token, 0) > 0 for token in tokens):
            self.accuse(tx.to, "member", "called in the attack, and kept what was taken", tx.hash)


def anchor(dossier: Dossier) -> Alert:
    """Return the alert that stands for the attack.

    Raises `ConfigurationError` when no alert of the incident stands.
    """
    withdrawn = {entry.alert for entry in dossier.incident.sightings if entry.withdrawn}
    standing = [
        alert
        for alert in dossier.alerts
        if alert.id not in withdrawn and alert.subject == "transaction"
    ]
    if not standing:
        raise ConfigurationError(
            f"incident {dossier.incident.id[:12]}: no alert about a transaction stands (any more), "
            f"so there is no attack to follow"
        )
    answered = {
        action.alert for action in dossier.actions if action.state not in ("proposed", "refused")
    }
    return min(
        standing,
        key=lambda alert: (
            alert.id not in answered,
            -SEVERITIES.index(alert.severity),
            -alert.score,
            alert.block,
            alert.index,
        ),
    )


def losses_of(tx: Transaction, victims: frozenset[str]) -> Mapping[str, int]:
    """Return by token how much less the victims have together after a transaction. Shares that a
    victim issues itself are nothing that it has less of."""
    changed = nets(tx.movements)
    sums: dict[str, int] = {}
    for victim in victims:
        for token, amount in changed.get(victim, {}).items():
            if token != victim:
                sums[token] = sums.get(token, 0) - amount
    return {token: amount for token, amount in sums.items() if amount > 0}
