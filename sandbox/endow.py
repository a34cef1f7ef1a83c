"""Gives the sandbox's people their means: ether, tokens, deposits, and a past."""

from collections.abc import Iterable, Sequence

import numpy as np

from sandbox.deployer import Deployer
from sandbox.evm import ETHER, FOREVER, Account, Chain, Node
from sandbox.world import DOLLAR, World

USERS = 64

_BOTS = {"arbitrageur": 100.0, "liquidator": 20.0}


def wealth() -> list[float]:
    """Return what each user owns, in units of an ordinary one's means: many little, a few much."""
    return [float(share) for share in np.random.default_rng(7).lognormal(0.0, 1.1, USERS)]


def fund(
    node: Node, roles: Iterable[Account], users: Iterable[Account], shares: Iterable[float]
) -> None:
    """Give everybody ether, out of nothing."""
    means = {account.address: 1_000_000 for account in roles}
    means |= {user.address: int(100 * s) + 10 for user, s in zip(users, shares, strict=True)}
    for address, amount in means.items():
        node.rpc("anvil_setBalance", address, hex(amount * ETHER))


def endow(deployer: Deployer, world: World, shares: Sequence[float]) -> None:
    """Give tokens to everybody who trades, and deposits to the pool and the vault."""
    tokens, chain = world.tokens, deployer.chain
    traders = [user.address for user in world.users]
    traders += [world.accounts[name].address for name in _BOTS]
    units = {
        tokens.weth: 10 * ETHER,
        tokens.dollar: 20_000 * DOLLAR,
        tokens.clover: 20_000 * ETHER,
        tokens.barley: 40_000 * ETHER,
    }
    for token, unit in units.items():
        amounts = [int(share * 1000) * unit // 1000 for share in (*shares, *_BOTS.values())]
        deployer.send(
            [
                token.call("approve", world.disperse.address, FOREVER),
                world.disperse.call("pay", token.address, traders, amounts, gas=6_000_000),
            ]
        )
    deployer.send(
        [
            tokens.dollar.call("approve", world.pool.address, FOREVER),
            world.pool.call("supply", 2_000_000 * DOLLAR),
        ]
    )
    deposits = [
        chain.send(user, world.vault.call("deposit", value=int(25 * share) * ETHER))
        for user, share in zip(world.users, shares, strict=True)
        if share > 1
    ]
    chain.settle(deposits + _earlier_approvals(chain, world))


def _earlier_approvals(chain: Chain, world: World) -> list[str]:
    """Let half of the people have dealt with the exchange and the pool before."""
    tokens = world.tokens
    return [
        chain.send(user, token.call("approve", taker, FOREVER, gas=60_000))
        for user in world.users[::2]
        for token, taker in (
            (tokens.weth, world.router.address),
            (tokens.dollar, world.router.address),
            (tokens.clover, world.router.address),
            (tokens.dollar, world.pool.address),
            (tokens.clover, world.pool.address),
        )
    ]
