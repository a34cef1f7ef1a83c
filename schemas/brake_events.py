"""What contracts say on chain when they are braked and when they are let go. Pure.

An event is known by the hash of its signature, whatever name it travels under, and whichever of
its fields are indexed. Families that say nothing when they are paused, or only in storage, are not
here; nor is what only opens a way out, as Balancer's recovery mode does.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal, NamedTuple

from eth_hash.auto import keccak

from schemas.chain import Event

Effect = Literal["braked", "released", "reset"]
"""`reset`: limits are as an owner sets them, which ends a tightening where there is one."""

_BRAKED: tuple[str, ...] = (
    "Paused(address)",  # OpenZeppelin
    "Paused()",  # Aave V2
    "Paused(uint256)",  # Lido, for a time
    "Stopped()",  # Lido's stETH
    "Cursed(bytes16[])",  # CCIP
    "SystemSuspended(uint256)", "IssuanceSuspended(uint256)", "ExchangeSuspended(uint256)",
    "FuturesSuspended(uint256)", "FuturesMarketSuspended(bytes32,uint256)",
    "SynthSuspended(bytes32,uint256)", "SynthExchangeSuspended(bytes32,uint256)",  # Synthetix
    "Braked(bytes32,address,address,bytes4,uint64)",  # our gate
    "Tightened(address,address,uint128,uint128,uint64)",  # our bucket
)  # fmt: skip

_RELEASED: tuple[str, ...] = (
    "Unpaused(address)", "Unpaused()", "Resumed()", "Uncursed(bytes16[])",
    "SystemResumed(uint256)", "IssuanceResumed(uint256)", "ExchangeResumed(uint256)",
    "FuturesResumed(uint256)", "FuturesMarketResumed(bytes32,uint256)",
    "SynthResumed(bytes32,uint256)", "SynthExchangeResumed(bytes32,uint256)",
)  # fmt: skip

_RESET: tuple[str, ...] = ("LimitsSet(address,uint128,uint128,uint64)",)

_FLAGGED: Mapping[str, tuple[int, ...]] = {
    "ReservePaused(address,bool)": (-1,),  # Aave V3
    "ReserveFrozen(address,bool)": (-1,),
    "PausedStateChanged(bool)": (-1,),  # Balancer V2
    "ActionPaused(string,bool)": (1,),  # Compound V2
    "ActionPaused(address,string,bool)": (2,),
    "PauseAction(bool,bool,bool,bool,bool)": (0, 1, 2, 3, 4),  # Compound V3
    "ActionPausedMarket(address,uint8,bool)": (-1,),  # Venus: indexed in its core pool alone
    "TargetClosed(address,bool)": (-1,),  # OpenZeppelin's AccessManager
}
"""Which words of the data say it: braked while any of them is not zero. What is indexed is not in
the data, so a flag at the end is counted from there."""


_MOST_KEPT = 10_000
"""Contracts whose flags are remembered."""


class Said(NamedTuple):
    """What an event says."""

    name: str
    effect: Effect


def said(topics: tuple[str, ...], data: str) -> Said | None:
    """Return what an event says of a brake; None for any other, and for one without its flag. Of
    several flags one that is set is a brake: what was set before, `Flags` know."""
    found = _read(topics, data)
    return None if found is None else found[0]


class Flags:
    """What events say of brakes where one event tells several flags at once, as they come in the
    chain's order.

    One that was set and no longer is lets something go, whatever else still holds: a release. Of
    more than 10,000 contracts those that were heard of longest ago are forgotten.
    """

    def __init__(self) -> None:
        self._heard: OrderedDict[tuple[str, ...], tuple[tuple[bool, ...], Effect]] = OrderedDict()

    def said(self, contract: tuple[str, ...], topics: tuple[str, ...], data: str) -> Said | None:
        """Return what the next event of a contract says, by whatever that is known; told again, it
        says the same again."""
        found = _read(topics, data)
        if found is None or len(found[1]) < 2:
            return None if found is None else found[0]
        shown, flags = found
        where = *contract, shown.name
        before, effect = self._heard.pop(where, ((), shown.effect))
        if flags != before:
            cleared = any(was and not now for was, now in zip(before, flags, strict=False))
            effect = "released" if cleared else shown.effect
        self._heard[where] = flags, effect
        if len(self._heard) > _MOST_KEPT:
            self._heard.popitem(last=False)
        return Said(shown.name, effect)


def course(events: Iterable[Event], opened: int, latest: int) -> list[tuple[Event, Said]]:
    """Return what became of brakes in the course of a case, in the chain's order: from the time of
    the block that opened it, until, later than any block that it knows of (`latest`), a release is
    followed by the next brake. `events` are those of its protocol."""
    known = {one.id: one for one in events}
    found: list[tuple[Event, Said]] = []
    flags = Flags()
    for event in sorted(known.values(), key=lambda one: (one.block, one.index, one.log)):
        shown = flags.said((event.chain, event.contract), event.topics, event.data)
        if shown is None or event.timestamp < opened:
            continue
        let_go = found and found[-1][1].effect != "braked"
        if shown.effect == "braked" and let_go and event.timestamp > latest:
            break
        found.append((event, shown))
    return found


def _read(topics: tuple[str, ...], data: str) -> tuple[Said, tuple[bool, ...]] | None:
    """Return what an event says, and its flags."""
    known = _known().get(topics[0]) if topics else None
    if known is None:
        return None
    signature, effect = known
    name, places = signature.partition("(")[0], _FLAGGED.get(signature, ())
    if not places:
        return Said(name, effect), ()
    words = [data[at : at + 64] for at in range(2, len(data), 64)]
    if len(words) <= max(places) or not words or len(words[-1]) != 64:
        return None
    flags = tuple(bool(words[at].strip("0")) for at in places)
    return Said(name, "braked" if any(flags) else "released"), flags


@cache
def _known() -> dict[str, tuple[str, Effect]]:
    """Return, by the hash of its signature, each event, and what it says without a flag."""
    found: dict[str, tuple[str, Effect]] = {}
    effects: tuple[tuple[Effect, tuple[str, ...]], ...] = (
        ("braked", (*_BRAKED, *_FLAGGED)),
        ("released", _RELEASED),
        ("reset", _RESET),
    )
    for effect, signatures in effects:
        for signature in signatures:
            found["0x" + keccak(signature.encode()).hex()] = signature, effect
    return found
