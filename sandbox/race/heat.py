"""What became of one recorded window, and of all of them. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

PERSON_SECONDS = 900
"""When a person who is told of the deployment has braked; a fast one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """One attack that strikes `window` seconds of block time after its contract was created."""

    window: int
    alerted: bool
    """Whether the creation, or a theft that waited, raised an alert by itself."""
    p_value: float | None
    decision: str
    """What the responder said last about the brake that the alert called for, or why there is none.
    """
    alert_ms: float | None
    """Block received by ingest -> alert produced, of this machine's time."""
    brake_ms: float | None
    """Block received by ingest -> brake handed to the node."""
    brake: tuple[int, int] | None
    """Blocks after the creation, and place in the block, of the brake; None if none was mined, or
    it was reverted."""
    drain: tuple[int, int]
    """The same of the first transaction that steals."""
    taken: int
    exposed: int
    """In smallest units."""

    @property
    def won(self) -> bool:
        """Whether the brake was mined ahead of the first theft, and nothing was taken."""
        return self.brake is not None and self.brake < self.drain and self.taken == 0


@dataclass(frozen=True, slots=True)
class Bystanders:
    """Honest contracts that were created while nothing was attacked."""

    created: int
    alerted: int
    """How many raised an alert of the protocol."""
    braked: int
    """How many of them pulled its brake."""


def report(heats: Sequence[Heat], bystanders: Bystanders | None) -> dict[str, Any]:
    """Return what all of them amount to, and each."""
    return {
        "bystanders": None if bystanders is None else asdict(bystanders),
        "windows": len(heats),
        "alerted": sum(heat.alerted for heat in heats),
        "won": sum(heat.won for heat in heats),
        "won_by_a_person": sum(heat.window > PERSON_SECONDS for heat in heats),
        "in_one_block": sum(heat.drain[0] == 0 for heat in heats),
        "heats": [asdict(heat) | {"won": heat.won} for heat in heats],
    }
