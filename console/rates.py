"""How many alerts there were lately. Pure."""

from collections import Counter
from collections.abc import Iterable

from console.picture import Seen

MINUTES = 60


def per_minute(alerts: Iterable[Seen], now: float) -> tuple[list[int], list[int]]:
    """Return the last minutes' beginnings, in seconds since 1970, and the alerts in each.

    An alert counts where it was scored, by our own clock; where that is not told, by its block.
    """
    last = int(now // 60)
    counted = Counter(
        int((one.times.get("scored", 0) / 1e9 or one.alert.timestamp) // 60) for one in alerts
    )
    minutes = range(last - MINUTES + 1, last + 1)
    return [minute * 60 for minute in minutes], [counted[minute] for minute in minutes]
