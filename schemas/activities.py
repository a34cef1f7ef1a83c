"""What the users of a protocol do, as far as a brake may keep them from it."""

from collections.abc import Collection
from enum import StrEnum


class Activity(StrEnum):
    """One thing that honest users do."""

    LIQUIDATION = "liquidation"
    """Closing what others can no longer cover."""
    REPAYMENT = "repayment"
    COLLATERAL = "collateral"
    """Adding to what covers one's own debt or position."""
    WITHDRAWAL = "withdrawal"
    DEPOSIT = "deposit"
    BORROWING = "borrowing"
    TRADING = "trading"
    TRANSFER = "transfer"
    """Of a token, or of the shares of a deposit."""
    GOVERNANCE = "governance"
    """Deciding on the protocol, and carrying out what was decided."""


EVERYTHING = frozenset(Activity)
"""What has to be assumed of a brake that does not say."""


def named(activities: Collection[str]) -> str:
    """Return activities as people read them."""
    if not activities:
        return "nothing"
    return "everything" if set(activities) >= EVERYTHING else ", ".join(sorted(activities))


SAFEGUARDS = frozenset(
    {Activity.LIQUIDATION, Activity.REPAYMENT, Activity.COLLATERAL, Activity.WITHDRAWAL}
)
"""What keeps users, and the protocol, from a loss that the market makes: to stop any of these needs
more than a market that moves."""
