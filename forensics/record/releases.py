"""Releases as the chain shows them, and whether people had ordered them. Pure.

Nothing holds back whoever has the key to a release, so one without an order is no fault of the log:
it is told, for people to ask about. An order is a staged step of a recovery with as many agreements
as it takes, or a release that a second person approved; it is for the contracts that its calls go
to, of its protocol, and holds until the chain shows a brake of that contract again. Partitions have
no order among each other, so of an order that came later it is said where it stands.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from schemas.brake_events import Flags
from schemas.decisions import Decision, Voice, objection

MOST_TOLD = 100


class Called(msgspec.Struct, frozen=True, gc=False):
    """A call, of which only where it goes counts here."""

    to: str


class Asked(msgspec.Struct, frozen=True, tag_field="kind", tag="proposal"):
    """What of a proposal says whether it is a release, and of what."""

    id: str
    protocol: str
    matter: str
    expires: int
    by: Voice
    calls: tuple[Called, ...] = ()


class Answered(msgspec.Struct, frozen=True, tag_field="kind", tag="answer"):
    """What of an answer says whether it counts."""

    proposal: str
    verdict: Literal["approve", "veto"]
    by: Voice


class Shown(msgspec.Struct, frozen=True, tag_field="kind", tag="event", gc=False):
    """What of an event says what became of a brake."""

    chain: str
    protocol: str
    contract: str
    block: int
    tx: str
    topics: tuple[str, ...] = ()
    data: str = "0x"


class _Order(NamedTuple):
    leaf: int
    protocol: str
    contracts: frozenset[str] | None
    """None: its calls were too long to be told, and it counts for all of the protocol."""


class _Release(NamedTuple):
    leaf: int
    name: str
    shown: Shown


class Releases:
    """Goes along a log, and knows which releases were ordered so far."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Asked, Decision]] = {}
        self._orders: dict[str, list[_Order]] = defaultdict(list)
        """By protocol."""
        self._flags = Flags()
        self._braked: dict[tuple[str, str], int] = {}
        """By protocol and contract, the leaf of its newest brake."""
        self._without: list[_Release] = []
        self._more = 0

    def take(self, leaf: int, record: Asked | Answered | Shown) -> None:
        """Go on by a record."""
        if isinstance(record, Shown):
            self._show(leaf, record)
        elif isinstance(record, Asked):
            if record.matter == "release":
                asked = Decision(
                    proposal=record.id, matter="release", words="",
                    proposer=record.by, expires=record.expires,
                )  # fmt: skip
                self._asked.setdefault(record.id, (record, asked))
        elif record.proposal in self._asked:
            asked_for, decision = self._asked[record.proposal]
            if objection(decision, record.by):
                return
            del self._asked[record.proposal]  # the first answer that counts ends it
            if record.verdict == "approve":
                contracts = frozenset(call.to for call in asked_for.calls) or None
                self.order(leaf, asked_for.protocol, contracts)

    def order(self, leaf: int, protocol: str, contracts: frozenset[str] | None) -> None:
        """Note that people agreed to calls to these contracts; None: it was not told to which."""
        self._orders[protocol].append(_Order(leaf, protocol, contracts))

    def _show(self, leaf: int, shown: Shown) -> None:
        contract = shown.chain, shown.protocol, shown.contract
        found = self._flags.said(contract, shown.topics, shown.data)
        if found is None:
            return
        where = shown.protocol, shown.contract
        if found.effect == "braked":
            self._braked[where] = leaf
            return
        braked = self._braked.get(where)
        if (found.effect == "reset" and braked is None) or self._order_of(shown, braked or -1):
            return
        if len(self._without) < MOST_TOLD:
            self._without.append(_Release(leaf, found.name, shown))
        else:
            self._more += 1

    def _order_of(self, shown: Shown, behind: int) -> _Order | None:
        """Return the first order behind a leaf that is for this contract."""
        for one in self._orders.get(shown.protocol, ()):
            for_it = one.contracts is None or shown.contract in one.contracts
            if one.leaf > behind and for_it:
                return one
        return None

    def without_order(self) -> Iterator[str]:
        """Say, at the end of a log, which releases no order stood before."""
        for leaf, name, shown in self._without:
            later = self._order_of(shown, leaf)
            behind = "none behind it" if later is None else f"one behind it, at leaf {later.leaf}"
            yield (
                f"leaf {leaf}: {name} of {shown.contract} ({shown.protocol}, block {shown.block} "
                f"of {shown.chain}, transaction {shown.tx}) was not ordered before: no staged step "
                f"that calls it with its agreements, no approved proposal of a release; {behind}"
            )
        if self._more:
            yield f"and {self._more:,} more releases without an order"
