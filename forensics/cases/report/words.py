"""Times and names as the report writes them."""

from datetime import UTC, datetime

from runtime.pictures.words import short
from schemas.units import NATIVE


def day_time(seconds: int) -> str:
    """Return a block's time, in UTC."""
    return datetime.fromtimestamp(min(seconds, 253_402_300_799), UTC).strftime("%Y-%m-%d %H:%M:%S")


def time_only(microseconds: int) -> str:
    """Return a time by our own clock to the millisecond, in UTC."""
    at = datetime.fromtimestamp(min(microseconds / 1e6, 253_402_300_799), UTC)
    return at.strftime("%H:%M:%S.") + f"{at.microsecond // 1000:03d}"


def named(symbol: str, token: str) -> str:
    """Return what a token is called: its symbol, else enough of its address; coin has none."""
    return symbol or ("native coin" if token == NATIVE else short(token))


def span(microseconds: float) -> str:
    """Return a length of time as people say it."""
    if microseconds < 1e6:
        return f"{microseconds / 1e3:.0f} ms"
    seconds = microseconds / 1e6
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
