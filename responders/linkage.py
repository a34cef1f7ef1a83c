"""Alerts on other transactions of the same attack, as witnesses. No clock, no IO.

An attack that bends a price in one transaction and drains in the next shows one detector the first
and another one the second. Two alerts are tied where one account signed both transactions, or where
one contract of the protocol was left with less by both; within as many blocks as an alert may be
old and brake without a look at the head. Only transactions that are in a block count: one that
waits costs nothing. ADR 42 says why a tie is worth no more than this:

    p = n * max(p of the one, p of the other)

the p-value of the claim that neither is chance (Berger, "Multiparameter Hypothesis Testing and
Acceptance Sampling", Technometrics 24, 1982: it needs no independence), corrected for the n
transactions among which the other one was found (Bonferroni). The weaker of the two decides, so
whoever adds a strong decoy to somebody else's alert makes it no stronger. Under one signer n is how
many of its transactions alerted; any user leaves a contract with less, so there it is how many
transactions that many alerts stand for, by the budget of false ones.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256

import msgspec

from responders.concert import MOST_VOTES
from responders.evidence import families, witnessed
from runtime.broker import Message
from schemas.actions import Cited
from schemas.alerts import Alert
from schemas.units import Height

MOST_TIES = 2048
"""Signers and contracts remembered; the one that was silent for longest is forgotten first."""

MOST_ALIKE = 8
"""Alerts remembered of one tie that are made from the same, the strongest: with `MOST_KINDS` it
bounds n too, or an attacker could hide behind small alerts of his own."""

MOST_KINDS = 4
"""Different things that the alerts of one tie are made from."""

Tie = tuple[str, str, str]
"""Protocol, `signer` or `losing`, and the account."""

Kinds = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Link:
    """An alert on another transaction that speaks for the same attack."""

    alert: Alert
    among: float
    """How many transactions it was found among; at least 1."""
    number: int = 0
    """As which it came."""
    value: bytes = b""
    """What it said, to the last byte."""

    def seen_with(self, alert: Alert) -> Alert:
        """Return an alert with this one's votes behind its own, and the weaker p-value."""
        return msgspec.structs.replace(
            alert,
            votes=(*alert.votes, *self.alert.votes)[:MOST_VOTES],
            p_value=max(alert.p_value, self.alert.p_value),
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """An alert as it came, seen as of the head."""

    message: Message
    alert: Alert
    withdrawn: bool = False
    link: Link | None = None
    """What speaks for it on another transaction."""
    number: int = 0
    """As which it came."""
    beside: tuple[Cited, ...] = ()
    """The alerts of other sets on the same transaction whose votes it has behind its own."""

    def cited(self, linked: str | None) -> tuple[Cited, ...]:
        """Return what was said, to the last byte: by itself, by `linked`, if that counts, and by
        other sets of the same transaction."""
        said = [(self.alert.id, self.message.value or b"")]
        if self.link is not None and self.link.alert.id == linked:
            said.append((linked, self.link.value))
        own = (Cited(alert=one, sha256=sha256(value).hexdigest()) for one, value in said)
        return (*own, *self.beside)


@dataclass(slots=True)
class _Kept:
    """An alert that is remembered, and whether it was found to be believed."""

    heard: Heard
    sure: bool = False

    @property
    def alert(self) -> Alert:
        return self.heard.alert


class Linkage:
    """Remembers the strongest alerts of each signer and of each contract that loses.

    Starts empty, as `Concert` does; what was answered of late is told to both again
    (`responders.recall`). What it is given need not be believed: that is asked before anything
    counts, and only then.
    """

    def __init__(self, believed: Callable[[Heard], bool], stands: Callable[[Heard], bool]) -> None:
        """`believed` says whether a trusted key signed an alert, and is asked once; `stands`
        whether it was not withdrawn since it came."""
        self._believed = believed
        self._stands = stands
        self._kept: OrderedDict[Tie, dict[Kinds, list[_Kept]]] = OrderedDict()

    def add(self, heard: Heard, window: Height) -> None:
        """Remember an alert; those within `window` blocks of it are kept before others."""
        alert = heard.alert
        tied = tuple(ties(alert))
        kinds = witnessed(alert) if tied else frozenset()
        for tie in tied if kinds else ():
            by_kinds = self._kept.setdefault(tie, {})
            self._kept.move_to_end(tie)
            alike = by_kinds.pop(kinds, [])
            alike.append(_Kept(heard))
            alike.sort(key=lambda one: (not _near(one.alert, alert, window), one.alert.p_value))
            by_kinds[kinds] = alike[:MOST_ALIKE]
            if len(by_kinds) > MOST_KINDS:
                del by_kinds[next(iter(by_kinds))]
        while len(self._kept) > MOST_TIES:
            self._kept.popitem(last=False)

    def forget(self, gone: Callable[[Heard], bool]) -> None:
        """Forget the alerts of which `gone` is true."""
        for tie, by_kinds in list(self._kept.items()):
            for kinds, alike in list(by_kinds.items()):
                alike[:] = [one for one in alike if not gone(one.heard)]
                if not alike:
                    del by_kinds[kinds]
            if not by_kinds:
                del self._kept[tie]

    def find(self, alert: Alert, window: Height) -> Link | None:
        """Return the alert on another transaction, at most `window` blocks away, that with this one
        makes more witnesses than this one alone, and the strongest claim; None without any."""
        best: Link | None = None
        tied = [(tie, by_kinds) for tie in ties(alert) if (by_kinds := self._kept.get(tie))]
        own = witnessed(alert) if tied else frozenset()
        for tie, by_kinds in tied:
            if by_kinds.keys() <= {own}:
                continue  # the same once more makes no further witness
            others = {
                kinds: [one for one in alike if _beside(one.alert, alert, window)]
                for kinds, alike in by_kinds.items()
            }
            if not any(_adds(alert, alike[0].alert) for alike in others.values() if alike):
                continue
            held = {kinds: self._held(by_kinds[kinds], alike) for kinds, alike in others.items()}
            count = len({one.alert.tx for alike in held.values() for one in alike})
            for alike in held.values():
                found = next((one for one in alike if _adds(alert, one.alert)), None)
                among = 0.0 if found is None else _among(tie, count, alert, found.alert)
                if found is None or not among:
                    continue
                value = found.heard.message.value or b""
                link = Link(found.alert, among, found.heard.number, value)
                if best is None or claim(alert, link) < claim(alert, best):
                    best = link
        return best

    def _held(self, kept: list[_Kept], asked: list[_Kept]) -> list[_Kept]:
        """Return those that may be believed, the strongest first; forget the others."""
        held = [one for one in asked if self._holds(one)]
        lost = {id(one) for one in asked} - {id(one) for one in held}
        kept[:] = [one for one in kept if id(one) not in lost]
        return sorted(held, key=lambda one: one.alert.p_value)

    def _holds(self, kept: _Kept) -> bool:
        if not self._stands(kept.heard):
            return False
        kept.sure = kept.sure or self._believed(kept.heard)
        return kept.sure


def claim(alert: Alert, link: Link) -> float:
    """Return the p-value of the claim that neither alert is chance."""
    return min(1.0, link.among * max(alert.p_value, link.alert.p_value))


def least_among(alert: Alert, other: Alert) -> float | None:
    """Return among how many transactions at the least an alert on another one was found; None
    where nothing ties the two."""
    if alert.tx == other.tx:
        return None
    shared = set(ties(alert)) & set(ties(other))
    found = (_among(tie, 1, alert, other) for tie in shared)
    return min((among for among in found if among), default=None)


def ties(alert: Alert) -> Iterator[Tie]:
    """Return what may tie an alert to others."""
    if alert.phase != "head" or alert.subject != "transaction":
        return
    if alert.sender is not None:
        yield alert.protocol, "signer", alert.sender
    for contract in sorted(set(alert.losing)):
        yield alert.protocol, "losing", contract


def _beside(one: Alert, other: Alert, window: Height) -> bool:
    """Say whether it is about another transaction, and near."""
    return one.tx != other.tx and _near(one, other, window)


def _near(one: Alert, other: Alert, window: Height) -> bool:
    return abs(one.block - other.block) <= window


def _adds(alert: Alert, other: Alert) -> bool:
    return families(Link(other, 1.0).seen_with(alert)) > families(alert)


def _among(tie: Tie, count: int, alert: Alert, other: Alert) -> float:
    """Return how many transactions an alert was found among; nought where nobody can tell."""
    if tie[1] == "signer":
        return float(count)
    budget = min(alert.budget, other.budget)
    return count / budget if budget > 0 else 0.0
