"""Follows stolen units from account to account, one transaction after the other.

Rules, all of them about whole transactions (`settlement`):
- In a transaction of the attack all that a victim gives is stolen, save shares that it issues.
- An account on the trail gives stolen and honest units first in, first out (`purse`).
- A contract that gets stolen units of one token and gives another within the same transaction has
  exchanged them: what it gives is stolen in the proportion in which what it got was, rounded down.
- The trail goes on through accounts without code and through contracts of the attacker's side. It
  ends at labelled mixers, bridges, exchanges and protocols, at any other contract, at the victims,
  and where the bounds are reached: what arrives there stays there.

So every stolen unit is at exactly one place, and `accounts.py` can show both sides to be equal.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import floor

from forensics.cases.purse import Lot, Purse, stolen_in
from forensics.cases.settlement import Transfer, settle
from forensics.cases.trail import FEES, Edge, Hop, Limits, Surroundings, Trail
from forensics.cases.transactions import Transaction
from schemas.fundflow import EdgeKind, NodeKind
from schemas.units import NATIVE


class Follower:
    """Takes the transactions of a chain in order; `trail` is what came of it."""

    def __init__(self, around: Surroundings, attackers: set[str], limits: Limits) -> None:
        """`attackers` are the accounts and contracts of the attacker's side; whoever owns the set
        adds to it what is learned on the way."""
        self.trail = Trail(hops=dict.fromkeys(around.victims, 0))
        self._attackers = attackers
        self._around = around
        self._limits = limits
        self._holders: set[str] = set()
        """The accounts that the trail goes through."""
        self._block: list[Transaction] = []
        """Of the present block, those before the present one."""

    def concerns(self, tx: Transaction) -> bool:
        """Say whether a transaction may move stolen units, by the addresses that it names."""
        return not (self._holders.isdisjoint(tx.touched) and self._attackers.isdisjoint(tx.touched))

    def apply(self, tx: Transaction, *, theft: bool) -> None:
        """Take one transaction; `theft`: it belongs to the attack."""
        if self._block and self._block[-1].block != tx.block:
            self._block.clear()
        if theft or self.concerns(tx):
            self._move(tx, theft=theft)
        self._block.append(tx)

    def _move(self, tx: Transaction, *, theft: bool) -> None:
        arrived = _Arrived()
        self._pay_fee(tx, arrived)
        if tx.cut:
            self.trail.gaps[f"transaction {tx.hash} moved more than could be read"] = None
        try:
            transfers = settle(tx.movements)
        except ValueError as error:
            self.trail.gaps[f"transaction {tx.hash} was not followed: {error}"] = None
            transfers = []
        waiting = []
        for transfer in transfers:
            lots = self._given(transfer, theft=theft)
            if lots is None:
                waiting.append(transfer)
            else:
                robbed = theft and self._robbed(transfer)
                self._send(tx, transfer, lots, "theft" if robbed else "transfer")
                arrived.add(transfer, lots)
        traders = self._exchange(tx, waiting, arrived)
        self._receive(tx, arrived, traders)

    def _pay_fee(self, tx: Transaction, arrived: "_Arrived") -> None:
        purse = self.trail.purses.get((tx.sender, NATIVE))
        if purse is not None and tx.fee:
            transfer, lots = Transfer(NATIVE, tx.sender, FEES, tx.fee), purse.take(tx.fee)
            self._send(tx, transfer, lots, "fee")
            arrived.add(transfer, lots)

    def _given(self, transfer: Transfer, *, theft: bool) -> list[Lot] | None:
        """Return what is known to be given; None when that depends on what the giver got."""
        if theft and self._robbed(transfer):
            return [Lot(transfer.amount, stolen=True)]
        purse = self.trail.purses.get((transfer.giver, transfer.token))
        return None if purse is None else purse.take(transfer.amount)

    def _robbed(self, transfer: Transfer) -> bool:
        """Say whether a victim gives something of its own; shares that it issues are none."""
        return transfer.giver in self._around.victims and transfer.token != transfer.giver

    def _exchange(
        self, tx: Transaction, waiting: list[Transfer], arrived: "_Arrived"
    ) -> frozenset[str]:
        """Let those give who got stolen units in this transaction; return who gave some for it."""
        traders: set[str] = set()
        while waiting:
            ready = [one for one in waiting if arrived.stolen_at(one.giver)]
            owed = {one.taker for one in waiting}
            settled = [one for one in ready if one.giver not in owed]
            # Of contracts that wait for each other, the first goes first.
            now = settled or ready[:1]
            for transfer in now or waiting:
                stolen = floor(transfer.amount * arrived.stolen_at(transfer.giver))
                lots = [Lot(stolen, stolen=True), Lot(transfer.amount - stolen, stolen=False)]
                self._send(tx, transfer, lots, "exchange")
                arrived.add(transfer, lots)
                if stolen:
                    traders.add(transfer.giver)
            waiting = [one for one in waiting if one not in now] if now else []
        return frozenset(traders)

    def _send(self, tx: Transaction, transfer: Transfer, lots: list[Lot], kind: EdgeKind) -> None:
        """Remember the way of stolen units."""
        stolen = stolen_in(lots)
        if not stolen:
            return
        near = self.trail.hops.get(transfer.giver, self._limits.hops) + 1
        self.trail.hops[transfer.taker] = min(self.trail.hops.get(transfer.taker, near), near)
        key = (transfer.giver, transfer.taker, transfer.token, kind)
        edge = self.trail.edges.setdefault(key, Edge(kind, tx.hash, tx.block))
        edge.amount += stolen
        edge.total += transfer.amount
        edge.transfers += 1
        self.trail.way.append(Hop(tx.hash, tx.block, tx.timestamp, transfer, kind, stolen))

    def _receive(self, tx: Transaction, arrived: "_Arrived", traders: frozenset[str]) -> None:
        """Put what arrived into purses, once all of it is known: an account that gets stolen units
        for the first time keeps what honest ones it got with them."""
        for (taker, token), lots in arrived.lots.items():
            stolen = stolen_in(lots)
            purse = self.trail.purses.get((taker, token))
            if purse is None and stolen:
                purse = self._opened(tx, taker, token)
            if purse is not None:
                purse.put(lots)
            elif stolen:
                place = self.trail.exchanged if taker in traders else self.trail.stays
                place[taker, token] += stolen

    def _opened(self, tx: Transaction, account: str, token: str) -> Purse | None:
        """Open a purse with what was there before this transaction; None where the trail ends."""
        end = self._end(account)
        if end is not None:
            self.trail.ended.setdefault(account, end)
            return None
        before = self._around.balance(account, token, tx.block - 1)
        if before is None:
            self.trail.gaps[
                "what was in accounts before stolen funds arrived is not known for some of them: "
                "it counts as nothing there, which makes the stolen part larger"
            ] = None
        opening = (before or 0) + sum(_change(earlier, account, token) for earlier in self._block)
        if token == NATIVE and tx.sender == account:
            opening -= tx.fee
        self._holders.add(account)
        purse = self.trail.purses[account, token] = Purse(max(0, opening))
        return purse

    def _end(self, account: str) -> tuple[NodeKind, str] | None:
        """Say why the trail ends at an account, None where it goes on."""
        if account in self.trail.ended:
            return self.trail.ended[account]
        known = _known_end(self._around, account)
        if known is not None or account in self._attackers:
            return known
        if self._around.has_code(account):
            return "pool", "a contract where funds of many mingle"
        if self.trail.hops.get(account, 0) > self._limits.hops:
            return "pool", f"more than {self._limits.hops} accounts away from the victim"
        if len(self._holders | {account}) > self._limits.accounts:
            return "pool", f"more than {self._limits.accounts} accounts on the trail"
        return None


def _known_end(around: Surroundings, account: str) -> tuple[NodeKind, str] | None:
    """Say why the trail ends at an account that was known before anything was followed."""
    label = around.labels.get(account)
    if account == FEES:
        return "fees", "taken by the chain for the transactions"
    if account in around.victims:
        return "victim", "came back to the protocol"
    if account in around.protocol:
        return "protocol", "a contract that the protocol's manifest names"
    if label is not None and label.kind != "account":
        return label.kind, f"labelled as {label.kind}"
    return None


class _Arrived:
    """What arrived where within one transaction."""

    def __init__(self) -> None:
        self.lots: dict[tuple[str, str], list[Lot]] = {}
        """By account and token."""

    def add(self, transfer: Transfer, lots: Iterable[Lot]) -> None:
        """Count a transfer."""
        self.lots.setdefault((transfer.taker, transfer.token), []).extend(lots)

    def stolen_at(self, account: str) -> Fraction:
        """Return the stolen part of what an account got; of several tokens the largest."""
        parts = (
            Fraction(stolen_in(lots), sum(lot.amount for lot in lots))
            for (taker, _), lots in self.lots.items()
            if taker == account
        )
        return max(parts, default=Fraction(0))


def _change(tx: Transaction, account: str, token: str) -> int:
    """Return what an account had more (or less) of one token after a transaction."""
    moved = sum(
        (move.to == account) * move.amount - (move.sender == account) * move.amount
        for move in tx.movements
        if move.token == token
    )
    return moved - tx.fee if token == NATIVE and tx.sender == account else moved
