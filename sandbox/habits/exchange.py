"""What people do on the exchange."""

from sandbox.evm import FOREVER, Contract
from sandbox.habits.person import Intent, Person

MAX_IMPACT = 0.013
"""The largest share of a reserve that a swap adds; the price moves by twice that."""

_SLIPPAGE = 0.85
_DUST = 10**7


def swap(person: Person) -> Intent | None:
    """Trade one token for another, over up to three pairs."""
    world, tokens = person.scene.world, person.scene.world.tokens
    paths = (
        (tokens.weth, tokens.dollar),
        (tokens.clover, tokens.weth),
        (tokens.clover, tokens.dollar),
        (tokens.barley, tokens.weth),
        (tokens.clover, tokens.weth, tokens.dollar),
        (tokens.barley, tokens.weth, tokens.dollar),
        (tokens.barley, tokens.weth, tokens.clover, tokens.dollar),
    )
    path = paths[person.pick(len(paths))]
    path = path if person.pick(2) else path[::-1]
    amount = _bounded(person, path, person.part(person.owns(path[0])))
    least = int(person.scene.quote(path, amount) * _SLIPPAGE)
    if least == 0:
        return None
    route = [token.address for token in path]
    call = world.router.call(
        "swapExactTokensForTokens",
        amount,
        least,
        route,
        person.account.address,
        FOREVER,
        gas=70_000 + 90_000 * len(path),
    )
    return Intent(call=call, takes=((path[0], world.router.address),))


def _bounded(person: Person, path: tuple[Contract, ...], amount: int) -> int:
    excess = person.scene.impact(path, amount) / MAX_IMPACT
    return int(amount / excess * person.chance.uniform(0.2, 1.0)) if excess > 1 else amount


def swap_ether(person: Person) -> Intent | None:
    """Buy a token with ether."""
    world, tokens = person.scene.world, person.scene.world.tokens
    path = tokens.weth, (tokens.dollar, tokens.clover, tokens.barley)[person.pick(3)]
    amount = _bounded(person, path, person.part(person.ether, 0.02))
    if amount == 0:
        return None
    least = int(person.scene.quote(path, amount) * _SLIPPAGE)
    route = [token.address for token in path]
    to = person.account.address
    return Intent(
        call=world.router.call(
            "swapExactETHForTokens", least, route, to, FOREVER, value=amount, gas=200_000
        )
    )


def add_liquidity(person: Person) -> Intent | None:
    """Become a market maker in one of the pairs."""
    world, tokens = person.scene.world, person.scene.world.tokens
    sides = (
        (tokens.weth, tokens.dollar),
        (tokens.clover, tokens.weth),
        (tokens.barley, tokens.weth),
        (tokens.clover, tokens.dollar),
    )
    a, b = sides[person.pick(len(sides))]
    ours, theirs = person.scene.along(a, b)
    amount_a = min(person.part(person.owns(a)), person.owns(b) * ours // theirs)
    amount_b = amount_a * theirs // ours
    if amount_b < theirs // 10**7:
        return None
    amounts = amount_a, amount_b, 0, 0
    call = world.router.call(
        "addLiquidity", a.address, b.address, *amounts, person.account.address, FOREVER, gas=300_000
    )
    return Intent(call=call, takes=((a, world.router.address), (b, world.router.address)))


def remove_liquidity(person: Person) -> Intent | None:
    """Take some or all of it back."""
    world = person.scene.world
    for pair in world.pairs:
        shares = person.owns(pair)
        if shares > _DUST:
            a, b = person.scene.reserves[pair.address]
            amount = shares if person.pick(2) else shares // 2
            to = person.account.address
            call = world.router.call(
                "removeLiquidity", a, b, amount, 0, 0, to, FOREVER, gas=300_000
            )
            return Intent(call=call, takes=((pair, world.router.address),))
    return None
