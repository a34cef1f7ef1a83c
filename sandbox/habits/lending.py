"""What people do with the lending pool."""

from sandbox.evm import ETHER
from sandbox.habits.person import Intent, Person

UNSAFE_LOAN = 0.81
"""The share of the collateral's value beyond which a debt is safely liquidatable."""

_SAFE_LOAN = 0.66


def supply(person: Person) -> Intent | None:
    """Lend dollars to the pool."""
    pool, dollar = person.scene.world.pool, person.scene.world.tokens.dollar
    amount = person.part(person.owns(dollar), 0.1)
    if amount <= 0:
        return None
    call = pool.call("supply", amount, gas=130_000)
    return Intent(call=call, takes=((dollar, pool.address),))


def withdraw(person: Person) -> Intent | None:
    """Take lent dollars back; all of them, half the time."""
    supplied = person.scene.of(person.account).supplied
    wanted = supplied if person.pick(2) else person.part(supplied, 0.3)
    amount = min(wanted, person.scene.liquidity // 12)
    if amount <= 0:
        return None
    call = person.scene.world.pool.call("withdraw", amount, gas=100_000)
    return Intent(call=call)


def add_collateral(person: Person) -> Intent | None:
    """Pledge clover."""
    pool, clover = person.scene.world.pool, person.scene.world.tokens.clover
    amount = person.part(person.owns(clover), 0.2)
    if amount <= 0:
        return None
    call = pool.call("addCollateral", amount, gas=130_000)
    return Intent(call=call, takes=((clover, pool.address),))


def _room(person: Person, share: float) -> int:
    """Return how many dollars more may be owed at this share of the collateral's value."""
    mine = person.scene.of(person.account)
    return int(mine.collateral * person.scene.clover_price // ETHER * share) - mine.debt


def borrow(person: Person) -> Intent | None:
    """Borrow dollars against it, many as much as is prudent."""
    room = _room(person, _SAFE_LOAN)
    wanted = room if person.pick(2) else person.part(max(room, 0), 0.4)
    amount = min(wanted, person.scene.liquidity // 30)
    if amount <= 0:
        return None
    call = person.scene.world.pool.call("borrow", amount, gas=200_000)
    return Intent(call=call)


def repay(person: Person) -> Intent | None:
    """Pay debts back."""
    pool, dollar = person.scene.world.pool, person.scene.world.tokens.dollar
    debt = person.scene.of(person.account).debt
    if _room(person, UNSAFE_LOAN) < 0:
        return None  # too late: the liquidator comes first
    amount = min(debt if person.pick(2) else person.part(debt, 0.4), person.owns(dollar))
    if amount <= 0:
        return None
    call = pool.call("repay", amount, gas=120_000)
    return Intent(call=call, takes=((dollar, pool.address),))


def remove_collateral(person: Person) -> Intent | None:
    """Take pledged clover back, as far as debts allow."""
    spare = _room(person, 0.6) * ETHER // person.scene.clover_price
    amount = min(person.scene.of(person.account).collateral, spare)
    if amount <= 0:
        return None
    call = person.scene.world.pool.call("removeCollateral", amount, gas=150_000)
    return Intent(call=call)
