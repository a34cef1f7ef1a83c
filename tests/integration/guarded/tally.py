"""What became of each attack, as one table."""

from collections.abc import Sequence
from dataclasses import dataclass

HEADS = (
    "attack",
    "alert, ms",
    "brake sent, ms",
    "taken of possible",
    "brake, and how far it reaches",
    "stays in use",
    "honest refused while braked",
    "released by",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attack on a guarded protocol, after people have released the brake."""

    attack: str
    alert_ms: float
    """From the block being mined to the alert."""
    brake_ms: float
    """From the block being mined to the brake being handed to the node."""
    taken: float
    possible: float
    unit: str
    """Of both."""
    brake: str
    """What was pulled, and its scope."""
    goes_on: str
    """What honest people could still do."""
    refused: int
    tried: int
    """Honest transactions tried while the brake held."""
    released_by: str


Tally = list[Row]


def markdown(rows: Sequence[Row]) -> str:
    """Return the table that `docs/benefit.md` shows."""
    lines = [f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|", *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    cells = (
        row.attack,
        f"{row.alert_ms:,.0f}",
        f"{row.brake_ms:,.0f}",
        f"{row.taken:,.10g} of {row.possible:,.10g} {row.unit}",
        row.brake,
        row.goes_on,
        f"{row.refused} of {row.tried}",
        row.released_by,
    )
    return f"| {' | '.join(cells)} |"
