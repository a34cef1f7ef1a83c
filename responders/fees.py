"""What a brake pays to be included. Pure; wei per gas.

The maximum is only a ceiling: a transaction pays the base fee of its block and its tip. So it is
far above today's base fee, and the cap is an emergency's, not everyday's: an ordinary cap would
strand a brake in exactly the fee spike that an attack causes.
"""

from dataclasses import dataclass

HEADROOM = 4
"""The ceiling in base fees of the moment. A full block raises it by 1/8: enough for 11 of them."""

MIN_TIP = 10_000_000_000
"""10 gwei: ahead of the crowd even where nodes suggest next to nothing, and of an attacker who pays
a few times what is usual. For a brake's 150,000 gas that is 0.0015 of a coin."""

TIP_FACTOR = 2
"""A brake should be first in its block, not one of many."""

BUMP_PERCENT = 10
"""Pools take a replacement only if both fees rise by at least this much."""


@dataclass(frozen=True, slots=True)
class Fee:
    """EIP-1559's two fields: the most it pays in all, and the part that goes to the proposer."""

    ceiling: int
    tip: int


def opening(base_fee: int, suggested_tip: int, cap: int) -> Fee:
    """Return the fee of a first attempt; never above `cap`."""
    tip = min(cap, max(MIN_TIP, TIP_FACTOR * suggested_tip))
    return Fee(ceiling=min(cap, HEADROOM * base_fee + tip), tip=tip)


def ahead(wanted: Fee, attack: Fee, cap: int) -> Fee:
    """Return the fee that puts a brake before a transaction that waits: `wanted`, but more than
    `attack` in both fields, as far as `cap` allows."""
    tip = min(cap, max(wanted.tip, _bumped(attack.tip) + 1))
    return Fee(ceiling=min(cap, max(wanted.ceiling, _bumped(attack.ceiling) + 1, tip)), tip=tip)


def raised(before: Fee, wanted: Fee, cap: int) -> Fee | None:
    """Return the fee of a replacement: `wanted`, but at least 10 % above `before` in both fields.

    None when the cap leaves no room for that.
    """
    ceiling, tip = _bumped(before.ceiling), _bumped(before.tip)
    if max(ceiling, tip) > cap:
        return None
    tip = max(tip, min(cap, wanted.tip))
    return Fee(ceiling=max(ceiling, tip, min(cap, wanted.ceiling)), tip=tip)


def _bumped(fee: int) -> int:
    return -(-fee * (100 + BUMP_PERCENT) // 100)
