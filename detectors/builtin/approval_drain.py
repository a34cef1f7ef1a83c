"""People's allowances are used against them: many pay, one takes, and nobody gets anything back."""

from collections import defaultdict
from typing import ClassVar

from detectors.api import Features, Spec
from detectors.flows import NOBODY, books, initiators, only_losing
from detectors.habits import ActDetector, Kind, account, number
from schemas.chain import Transaction

UNLIMITED = 2**95
"""Allowances from here on mean "everything": tokens count in 2^96, 2^128 or 2^256."""

_TRANSFER_FROM = ("0x23b872dd", "0x42842e0e", "0xb88d4fde")
_FEW = 2


class ApprovalDrain(ActDetector):
    """One transaction takes tokens from people who did not send it, and gives nothing."""

    spec: ClassVar[Spec] = Spec(
        name="approval-drain",
        version="1.0.0",
        summary="Tokens taken over allowances from people who get nothing; signed approvals taken.",
        technique="ADT3012.002",
        made_from=("calls", "movements"),
        warm_up=100,
        false_positives=(
            "a payroll or subscription that collects from many at once",
            "orders that were signed off chain and are settled together, where one side is unseen",
        ),
        blind_spots=(
            "victims taken one by one in transactions of their own",
            "an approval that is given now and used weeks later",
        ),
        rule=True,
    )
    kinds: ClassVar[dict[str, Kind]] = {
        "victims": Kind(
            words="{observed} accounts paid and got nothing, ordinary are {expected}",
            spread=0.7,
            ordinary=1.0,
            severity=-1.0,
            unit="accounts",
        ),
        "taken": Kind(words="tokens of somebody who did not send it went to {member} for nothing"),
        "signed": Kind(
            words="an unlimited approval was handed in for its owner and used at once on {member}",
            severity=4.0,
        ),
        "by": Kind(words="{member} never collected before", limit=2.0),
    }

    def acts(self, tx: Transaction) -> Features:
        """Return who took from how many, and approvals that were handed in and used at once."""
        if "flows" not in tx.seen or not tx.flows:
            return {}
        protocol = self.scope.manifest.addresses if self.scope.manifest else frozenset()
        losers = set(only_losing(books(tx.flows), initiators(tx, protocol))) - protocol
        if "calls" in tx.seen:
            losers &= _spent_by_others(tx)
        found = _takers(tx, losers, protocol | {NOBODY})
        for log in tx.logs:
            owner = account(log, "owner") if log.name == "Approval" else None
            if owner in losers and owner != tx.sender and (number(log, "value") or 0) >= UNLIMITED:
                found[f"signed:{log.contract}"] = 1.0
        if found and tx.sender is not None:
            found[f"by:{tx.sender}"] = 1.0
        return found


def _takers(tx: Transaction, losers: set[str], besides: frozenset[str]) -> dict[str, float]:
    """Return who was paid by those who got nothing, and by how many the greediest was."""
    paid: dict[str, set[str]] = defaultdict(set)
    for flow in tx.flows:
        if flow.sender in losers and flow.to not in besides and flow.to not in losers:
            paid[flow.to].add(flow.sender)
    found = {f"taken:{taker}": 1.0 for taker in paid}
    most = max((len(victims) for victims in paid.values()), default=0)
    return found | ({"victims:all": float(most)} if most > _FEW else {})


def _spent_by_others(tx: Transaction) -> set[str]:
    """Return the accounts whose tokens somebody else moved: a token was called with `transferFrom`
    by another than the one that paid."""
    movers: dict[str, set[str]] = defaultdict(set)
    for call in tx.calls:
        if call.ok and call.selector in _TRANSFER_FROM:
            movers[call.to].add(call.sender)
    return {flow.sender for flow in tx.flows if any(by != flow.sender for by in movers[flow.token])}
