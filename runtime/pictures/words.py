"""Amounts, addresses and strangers' words, as people read them."""

import unicodedata
from xml.sax.saxutils import escape, quoteattr

_KEPT_DECIMALS = 4


def plain(text: str, longest: int) -> str:
    """Return a stranger's words without anything invisible (controls, directions, joiners), cut to
    a length."""
    seen = "".join(" " if c.isspace() else c for c in text if unicodedata.category(c)[0] != "C")
    return seen if len(seen) <= longest else seen[: longest - 1] + "…"


def xml(text: str) -> str:
    """Return text as it may stand between tags."""
    return escape(text)


def attribute(text: str) -> str:
    """Return text as an attribute's value, quotes included."""
    return quoteattr(text)


def short(address: str) -> str:
    """Return enough of an address to tell it from others."""
    return f"{address[:8]}…{address[-6:]}" if len(address) > 16 else address


def exact(amount: str, decimals: int | None, symbol: str = "") -> str:
    """Return an amount in whole tokens, to the last digit."""
    name = f" {plain(symbol, 12)}" if symbol else ""
    if decimals is None:
        return f"{int(amount):,} units{name}"
    whole, part = divmod(int(amount), 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole:,}{'.' + digits if digits else ''}{name}"


def rounded(amount: str, decimals: int | None, symbol: str = "") -> str:
    """Return an amount in whole tokens, cut to a few decimals; at least one digit that counts."""
    text = exact(amount, decimals)
    whole, point, digits = text.partition(".")
    if point and len(digits) > _KEPT_DECIMALS:
        zeros = len(digits) - len(digits.lstrip("0")) if whole == "0" else 0
        digits = digits[: max(_KEPT_DECIMALS, zeros + 2)]
        text = f"{whole}.{digits}".rstrip("0").rstrip(".")
    return f"{text} {plain(symbol, 12)}" if symbol else text
