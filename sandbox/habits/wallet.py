"""What people do with their own ether and tokens, and with the vault."""

import contracts
from sandbox.abi import Interface
from sandbox.evm import ETHER, FOREVER, Call
from sandbox.habits.person import Intent, Person


def transfer(person: Person) -> Intent | None:
    """Pay somebody in tokens."""
    world = person.scene.world
    token = tuple(world.tokens)[person.pick(4)]
    receiver = world.users[person.pick(len(world.users))]
    amount = person.part(person.owns(token), 0.02)
    return Intent(call=token.call("transfer", receiver.address, amount, gas=70_000))


def transfer_ether(person: Person) -> Intent:
    """Pay somebody in ether; there is always time for that."""
    users = person.scene.world.users
    receiver = users[person.pick(len(users))]
    amount = person.part(person.ether, 0.01)
    return Intent(call=Call(to=receiver.address, value=amount, gas=21_000))


def wrap(person: Person) -> Intent | None:
    """Turn ether into WETH."""
    weth = person.scene.world.tokens.weth
    return Intent(call=weth.call("deposit", value=person.part(person.ether), gas=60_000))


def unwrap(person: Person) -> Intent | None:
    """Turn WETH into ether."""
    weth = person.scene.world.tokens.weth
    return Intent(call=weth.call("withdraw", person.part(person.owns(weth)), gas=60_000))


def save(person: Person) -> Intent | None:
    """Put ether into the vault."""
    vault = person.scene.world.vault
    return Intent(call=vault.call("deposit", value=person.part(person.ether), gas=80_000))


def spend(person: Person) -> Intent | None:
    """Take ether out of the vault."""
    saved = person.scene.of(person.account).vault
    amount = min(person.part(saved, 0.3), 60 * ETHER)
    if amount <= 0:
        return None
    call = person.scene.world.vault.call("withdraw", amount, gas=100_000)
    return Intent(call=call)


def pay_many(person: Person) -> Intent | None:
    """Pay several people at once through a contract that somebody wrote."""
    world, dollar = person.scene.world, person.scene.world.tokens.dollar
    count = 2 + person.pick(8)
    order = person.chance.permutation(len(world.users))
    receivers = [world.users[index].address for index in order[:count]]
    amount = person.part(person.owns(dollar), 0.02) // count
    if amount <= 0:
        return None
    call = world.disperse.call(
        "pay", dollar.address, receivers, [amount] * count, gas=60_000 + 40_000 * count
    )
    return Intent(call=call, takes=((dollar, world.disperse.address),))


def launch(person: Person) -> Intent | None:
    """Create a token of one's own."""
    artefact = contracts.load("ToyERC20")
    name = f"Weed {person.pick(1000)}"
    data = Interface(artefact.abi).creation(artefact.bytecode, name, "WEED", 18, 10**24)
    return Intent(call=Call(to=None, data=data, gas=1_500_000))


def blunder(person: Person) -> Intent | None:
    """Send something that fails: too late, too greedy, or more than one has."""
    world, tokens = person.scene.world, person.scene.world.tokens
    route, me = [tokens.weth.address, tokens.dollar.address], person.account.address
    mistakes = (
        world.router.call("swapExactETHForTokens", 0, route, me, 1, value=ETHER // 10, gas=200_000),
        world.router.call(
            "swapExactETHForTokens", 10**30, route, me, FOREVER, value=ETHER // 10, gas=200_000
        ),
        world.pool.call("withdraw", 10**30, gas=100_000),
        tokens.clover.call("transfer", me, 10**30, gas=70_000),
        world.vault.call("withdraw", 10**30, gas=100_000),
    )
    return Intent(call=mistakes[person.pick(len(mistakes))], fails=True)
