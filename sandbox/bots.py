"""Programs that trade all day: honest, but nothing like people."""

from dataclasses import dataclass
from math import cos, pi

import contracts
from sandbox.abi import Interface
from sandbox.evm import ETHER, FOREVER, GWEI, Account, Call, Chain, Contract, created_by
from sandbox.habits import Intent
from sandbox.habits.exchange import MAX_IMPACT
from sandbox.habits.lending import UNSAFE_LOAN
from sandbox.scene import Scene
from sandbox.world import DOLLAR, World

_TIP = 2 * GWEI
"""Bots pay to be first in a block, so that they find the prices they looked at."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A way to trade that begins and ends with one token."""

    path: tuple[Contract, ...]

    def best(self, scene: Scene) -> tuple[int, int]:
        """Return the most profitable amount of a few, and its profit."""
        largest = int(scene.along(*self.path[:2])[0] * MAX_IMPACT)
        amounts = [largest * step // 16 for step in range(1, 17)]
        gains = [(scene.quote(self.path, amount) - amount, amount) for amount in amounts]
        profit, amount = max(gains)
        return amount, profit


class Arbitrageur:
    """Pulls the thin pair back to the deep pairs' price, in turn with own funds and with borrowed
    ones; when there is nothing to gain, follows the price of the world outside."""

    def __init__(self, world: World, chain: Chain) -> None:
        self.account = world.accounts["arbitrageur"]
        self._world = world
        tokens = world.tokens
        self._circles = (
            Circle((tokens.dollar, tokens.clover, tokens.weth, tokens.dollar)),
            Circle((tokens.dollar, tokens.weth, tokens.clover, tokens.dollar)),
        )
        artefact = contracts.load("FlashArbitrage")
        interface = Interface(artefact.abi)
        nonce = chain.nonce(self.account)
        self._creation: Call | None = Call(
            to=None,
            data=interface.creation(artefact.bytecode, world.router.address),
            gas=1_500_000,
        )
        self._flash = Contract(created_by(self.account.address, nonce), interface)
        self._turns = 0

    def intent(self, scene: Scene, block: int) -> Intent | None:
        """Return what it does in this block, if anything."""
        if self._creation is not None:
            creation, self._creation = self._creation, None
            return Intent(call=creation)
        return self._arbitrage(scene) or self._follow(scene, block)

    def _arbitrage(self, scene: Scene) -> Intent | None:
        amount, profit, circle = max(
            ((*circle.best(scene), circle) for circle in self._circles), key=lambda found: found[1]
        )
        if profit <= amount // 1000:
            return None
        self._turns += 1
        if self._turns % 2:
            return self._swap(circle.path, amount, least=amount)
        return self._borrow(scene, circle.path, amount)

    def _borrow(self, scene: Scene, path: tuple[Contract, ...], amount: int) -> Intent:
        """Begin the circle at the thin pair, which lends what it is to be paid for afterwards."""
        thin_is_first = path[1] == self._world.tokens.clover
        lent = scene.quote(path[:2], amount) if thin_is_first else amount
        route = [token.address for token in (path[1:] if thin_is_first else path[:3])]
        thin = self._world.pairs.thin.address
        return Intent(call=self._flash.call("run", thin, lent, route, gas=600_000, tip=_TIP))

    def _follow(self, scene: Scene, block: int) -> Intent | None:
        """Move the cross pair towards the price outside, by at most a small step."""
        tokens = self._world.tokens
        clover, weth = scene.along(tokens.clover, tokens.weth)
        lead = weth / clover / outside_price(block) - 1
        if abs(lead) < 0.004:
            return None
        path = (tokens.clover, tokens.weth) if lead > 0 else (tokens.weth, tokens.clover)
        step = int(scene.along(*path)[0] * min(abs(lead) / 2, MAX_IMPACT / 2))
        amount = min(step, scene.balance(self.account, path[0]))
        return self._swap(path, amount, least=1) if amount == step else None

    def _swap(self, path: tuple[Contract, ...], amount: int, least: int) -> Intent:
        route = [token.address for token in path]
        router, me = self._world.router, self.account.address
        terms = amount, least, route, me, FOREVER
        call = router.call("swapExactTokensForTokens", *terms, gas=400_000, tip=_TIP)
        return Intent(call=call, takes=((path[0], router.address),))


def outside_price(block: int) -> float:
    """Return what a clover costs elsewhere, in WETH: it falls by a quarter and recovers, over and
    over, so that careless borrowers are liquidated now and then."""
    return (1 - 0.14 * (1 - cos(2 * pi * block / 80))) / 2000


class Liquidator:
    """Pays off debts that are no longer covered, for the bonus."""

    def __init__(self, world: World) -> None:
        self.account = world.accounts["liquidator"]
        self._world = world

    def intent(self, scene: Scene) -> Intent | None:
        """Return what it does in this block, if anything."""
        found = next((user for user in self._world.users if self._unsafe(scene, user)), None)
        if found is None:
            return None
        pool, dollar = self._world.pool, self._world.tokens.dollar
        amount = min(scene.of(found).debt // 2, scene.balance(self.account, dollar))
        call = pool.call("liquidate", found.address, amount, gas=250_000, tip=_TIP + GWEI)
        return Intent(call=call, takes=((dollar, pool.address),))

    @staticmethod
    def _unsafe(scene: Scene, user: Account) -> bool:
        mine = scene.of(user)
        return (
            mine.debt > DOLLAR
            and mine.debt > UNSAFE_LOAN * mine.collateral * scene.clover_price / ETHER
        )
