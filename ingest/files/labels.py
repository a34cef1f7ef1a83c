"""Labels, indices and incident lists: recognised so that they are not read.

They say which transactions, contracts and addresses were malicious. A score that has seen them is
worth nothing, so no value of theirs is looked at.
"""

from collections.abc import Mapping
from typing import Any

_TELLTALES = frozenset(
    (
        "adversarial contract",
        "attack tx",
        "attacker",
        "contract_tag",
        "etherscan_tag",
        "exploit_tx",
        "exploittx",
        "label",
        "labels",
        "loss_usd",
        "name tag",
        "victim",
    )
)
"""Names of fields that only such lists have."""


def are_labels(value: Any) -> bool:
    """Say whether this is a list of labels: an object or row, a list of them, or objects by name
    down to the second level."""
    return _are_labels(value, levels=2)


def _are_labels(value: Any, levels: int) -> bool:
    if isinstance(value, list):
        return bool(value) and _are_labels(value[0], levels=0)
    if not isinstance(value, Mapping):
        return False
    if any(str(name).strip().lower() in _TELLTALES for name in value):
        return True
    return levels > 0 and any(_are_labels(entry, levels - 1) for entry in value.values())
