"""Releases as the chain shows them, and whether people had ordered them. Pure.

Nothing holds back whoever has the key to a release, so one without an order is no fault of the log:
it is told, for people to ask about. An order is a staged step of a recovery with as many agreements
as it takes, or a release that a second person approved; it is for the contracts that its calls go
to, of its protocol, and holds until the chain shows a brake of that contract again. Partitions have
no order among each other, so of an order that came later it is said where it stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

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


@dataclass(slots=True)
class _Release:
    leaf: int
    name: str
    shown: Shown
    ordered: int | None = None
    """The first order of it that stands behind it, by its leaf."""


class Releases:
    """Goes along a log, and knows which releases were ordered so far."""

    def __init__(self) -> None:
        self._asked: dict[str, tuple[Asked, Decision]] = {}
        self._ordered: dict[tuple[str, str | None], int] = {}
        """By protocol and contract, the leaf of its newest order; under None that of calls too long
        to be told, which counts for all of the protocol."""
        self._flags = Flags()
        self._braked: dict[tuple[str, str], int] = {}
        """By protocol and contract, the leaf of its newest brake."""
        self._without: list[_Release] = []
        self._waiting: dict[str, dict[str, list[_Release]]] = {}
        """By protocol and contract, those of them that no order stands behind so far."""
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
        for contract in contracts or (None,):
            self._ordered[protocol, contract] = leaf
        waiting = self._waiting.get(protocol, {})
        for contract in tuple(waiting) if contracts is None else contracts & waiting.keys():
            for release in waiting.pop(contract):
                release.ordered = leaf

    def _show(self, leaf: int, shown: Shown) -> None:
        contract = shown.chain, shown.protocol, shown.contract
        found = self._flags.said(contract, shown.topics, shown.data)
        if found is None:
            return
        where = shown.protocol, shown.contract
        if found.effect == "braked":
            self._braked[where] = leaf
            return
        braked = self._braked.get(where, -1)
        newest = max(self._ordered.get(one, -1) for one in (where, (shown.protocol, None)))
        if (found.effect == "reset" and braked < 0) or newest > braked:
            return
        if len(self._without) >= MOST_TOLD:
            self._more += 1
            return
        release = _Release(leaf, found.name, shown)
        self._without.append(release)
        waiting = self._waiting.setdefault(shown.protocol, {})
        waiting.setdefault(shown.contract, []).append(release)

    def without_order(self) -> Iterator[str]:
        """Say, at the end of a log, which releases no order stood before."""
        for one in self._without:
            shown, later = one.shown, one.ordered
            behind = "none behind it" if later is None else f"one behind it, at leaf {later}"
            place = f"{shown.protocol}, block {shown.block} of {shown.chain}"
            yield (
                f"leaf {one.leaf}: {one.name} of {shown.contract} ({place}, transaction "
                f"{shown.tx}) was not ordered before: no staged step that calls it with its "
                f"agreements, no approved proposal of a release; {behind}"
            )
        if self._more:
            yield f"and {self._more:,} more releases without an order"
