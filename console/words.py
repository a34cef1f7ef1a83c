"""How values are put before people: short, plain, never trusted. Pure.

Whatever comes from a chain or a topic is text, never markup (the templates escape it), and letters
that would turn or hide what stands around them are replaced.
"""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

_HIDING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's control, format (those that turn the direction of writing among them), surrogate,
private and unassigned letters, and its line separators."""

_KEPT = frozenset("\n\t")


def plain(value: Any) -> Any:
    """Return text without letters that deceive; anything else as it is. Jinja applies it to
    everything that a template prints."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isascii():
        return _without_controls(value) if type(value) is str else value
    return "".join(
        letter
        if letter in _KEPT or unicodedata.category(letter) not in _HIDING
        else "\N{REPLACEMENT CHARACTER}"
        for letter in value
    )


def _without_controls(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter in _KEPT else "?" for letter in text)


def short(text: str) -> str:
    """Shorten a hash or an address to what people compare: both ends."""
    digits = text.rpartition(":")[2]
    return digits if len(digits) <= 14 else f"{digits[:8]}…{digits[-4:]}"


def age(seconds: float) -> str:
    """Say how long ago something was."""
    if seconds < 0:
        return "in the future"
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


def span(seconds: float) -> str:
    """Say how long something lasts."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86_400, whole // 3600 % 24, whole // 60 % 60
    parts = (
        [f"{days} d"] * (days > 0)
        + [f"{hours} h"] * (hours > 0)
        + [f"{minutes} min"] * (minutes > 0)
    )
    return " ".join(parts[:2]) or f"{whole} s"


def moment(seconds: float) -> str:
    """Say when something was, in UTC."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return f"second {seconds:.0f}"


def clock(seconds: float) -> str:
    """Say when something was within its day, in UTC."""
    return moment(seconds)[11:] or moment(seconds)


def counted(number: int, what: str) -> str:
    """Say how many there are of something."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def one_in(p_value: float) -> str:
    """Say how rare something is."""
    return "never before" if p_value <= 0 else f"1 in {1 / p_value:,.0f}"


def amount(units: int, decimals: int | None) -> str:
    """Return an amount in whole tokens; in smallest units where decimals are not known."""
    if decimals is None:
        return f"{units:,} units"
    whole = Decimal(units).scaleb(-decimals)
    digits = 2 if abs(whole) >= 1 else 6
    return f"{whole:,.{digits}f}"


def figure(value: float, unit: str) -> str:
    """Return a figure with its unit: shares of one in per cent, money in whole units."""
    if unit == "of 1":
        percent = 100 * value
        return f"{percent:.2f} %" if not value or percent >= 0.01 else f"{percent:.2g} %"
    return f"{value:,.0f} {unit}" if unit == "USD" else f"{value:,.6g} {unit}"


FILTERS: Mapping[str, Callable[..., str]] = {
    "short": short,
    "age": age,
    "span": span,
    "moment": moment,
    "clock": clock,
    "one_in": one_in,
    "counted": counted,
    "figure": figure,
}
