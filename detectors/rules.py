"""How a detector set treats a protocol."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator decides; detectors decide nothing of it."""

    set_name: str
    finality: int
    """Blocks after which a block counts as final."""
    budget: float
    """The share of ordinary transactions that may alert."""
    market_seconds: float = 14 * 86_400.0
    """Seconds of one market's prices in which one false alert is acceptable."""
    explorer: str = ""
    """The address of the chain's explorer, '' where the manifest names none."""
    without: frozenset[str] = field(default=frozenset())
    """Features that are taken away from every detector."""
