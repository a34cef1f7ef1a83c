"""Who may be told what: the Traffic Light Protocol 2.0 (FIRST, 2022). Pure."""

from schemas.signals import TLPS, Tlp

ON_CHAIN: Tlp = "clear"
"""What is on a chain everyone can read."""

LEAVES: frozenset[Tlp] = frozenset({"clear", "green", "amber"})
"""What may leave our organisation at all: `amber+strict` and `red` may not."""


def may_go(tlp: Tlp, clearance: Tlp) -> bool:
    """Say whether somebody outside who was cleared so far may be told."""
    return tlp in LEAVES and TLPS.index(tlp) <= TLPS.index(clearance)
