"""Honest contracts, as somebody might create them any day near a watched protocol."""

import contracts
from sandbox.abi import Interface
from sandbox.evm import Call
from sandbox.world import BORROW_LIMIT, DOLLAR, WITHDRAWAL_LIMIT, World


def creations(world: World) -> list[Call]:
    """Return the creations: a bot's and tools that name nobody, a token, and protocols of others,
    of which the lending pool names the pair whose price the watched pool believes too."""
    admin, tokens = world.accounts["deployer"].address, world.tokens
    wanted: list[tuple[str, tuple[object, ...]]] = [
        ("FlashArbitrage", (world.router.address,)),
        ("Disperse", ()),
        ("Lens", ()),
        ("ToyERC20", ("Oat", "OAT", 18, DOLLAR)),
        ("Vault", (WITHDRAWAL_LIMIT, admin)),
        (
            "LendingPool",
            (
                tokens.dollar.address,
                tokens.clover.address,
                world.pairs.thin.address,
                BORROW_LIMIT,
                admin,
            ),
        ),
    ]
    calls = []
    for name, arguments in wanted:
        artefact = contracts.load(name)
        data = Interface(artefact.abi).creation(artefact.bytecode, *arguments)
        calls.append(Call(to=None, data=data, gas=6_000_000))
    return calls
