"""What ordinary people do with their money. Each habit looks at the scene and returns an intent.

A habit returns None when its time has not come. Sizes are log-normal shares of means that are
log-normal themselves: many small ones, few large. Apart from `blunder`, every intent still holds
when the rest of its block comes first.
"""

from sandbox.habits.exchange import add_liquidity, remove_liquidity, swap, swap_ether
from sandbox.habits.lending import (
    add_collateral,
    borrow,
    remove_collateral,
    repay,
    supply,
    withdraw,
)
from sandbox.habits.person import Habit, Intent, Person
from sandbox.habits.wallet import (
    blunder,
    launch,
    pay_many,
    save,
    spend,
    transfer,
    transfer_ether,
    unwrap,
    wrap,
)

__all__ = ["HABITS", "Intent", "Person", "transfer_ether"]

HABITS: tuple[tuple[Habit, float], ...] = (
    (swap, 30),
    (swap_ether, 6),
    (add_liquidity, 3),
    (remove_liquidity, 2),
    (supply, 8),
    (withdraw, 6),
    (add_collateral, 6),
    (borrow, 7),
    (repay, 4),
    (remove_collateral, 2),
    (transfer, 8),
    (transfer_ether, 3),
    (wrap, 3),
    (unwrap, 2),
    (save, 7),
    (spend, 6),
    (pay_many, 2),
    (launch, 0.2),
    (blunder, 1.5),
)
"""All habits, with how often they come, on average over everybody."""
