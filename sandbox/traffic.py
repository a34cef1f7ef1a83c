"""Ordinary life on the sandbox's chain: endless, varied, and the same for the same seed."""

from dataclasses import dataclass

import numpy as np

from sandbox.bots import Arbitrageur, Liquidator
from sandbox.evm import FOREVER, Account, Chain, Contract, Node
from sandbox.habits import HABITS, Intent, Person, transfer_ether
from sandbox.scene import Observer, Scene
from sandbox.world import World

_TRIES = 12


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction that was handed to the node."""

    hash: str
    sender: str
    doing: str
    fails: bool
    """Whether it is meant to fail."""


class Traffic:
    """Lets people and bots act on what they see after each block.

    A block holds at most one transaction of each, so that what one of them saw of his own is still
    true when it is mined. All of it is signed here, with explicit nonces.
    """

    def __init__(self, world: World, node: Node, seed: int = 0) -> None:
        self.world = world
        self.chain = Chain(node)
        self._chance = np.random.default_rng(seed)
        self._observer = Observer(world, self.chain)
        self._arbitrageur = Arbitrageur(world, self.chain)
        self._liquidator = Liquidator(world)
        self._allowed: set[tuple[str, str, str]] = set()
        self._block = 0
        weights = np.array([weight for _, weight in HABITS])
        tastes = self._chance.gamma(0.6, size=(len(world.users), len(HABITS))) * weights
        self._tastes = tastes / tastes.sum(axis=1, keepdims=True)

    def block(self, count: int) -> tuple[Sent, ...]:
        """Send `count` transactions and make one block of them."""
        sent = self.send(count)
        self.chain.mine()
        return sent

    def send(self, count: int) -> tuple[Sent, ...]:
        """Send `count` transactions of as many senders; the caller makes the block.

        Raises `ValueError` when there are not so many people.
        """
        if count > len(self.world.users):
            raise ValueError(f"{len(self.world.users)} people cannot send {count} transactions")
        scene = self._observer.look()
        sent: list[Sent] = []
        for bot, intent in (
            (self._liquidator.account, self._liquidator.intent(scene)),
            (self._arbitrageur.account, self._arbitrageur.intent(scene, self._block)),
        ):
            if intent is not None and len(sent) < count:
                sent.append(self._act(bot, intent, bot.name))
        others = self._chance.permutation(len(self.world.users))[: count - len(sent)]
        sent += [self._live(int(index), scene) for index in others]
        self._block += 1
        return tuple(sent)

    def _live(self, index: int, scene: Scene) -> Sent:
        """Let one of the users do something, after his or her own taste."""
        person = Person(self.world.users[index], scene, self._chance)
        for choice in self._chance.choice(len(HABITS), size=_TRIES, p=self._tastes[index]):
            habit, _ = HABITS[choice]
            intent = habit(person)
            if intent is not None:
                return self._act(person.account, intent, habit.__name__)
        return self._act(person.account, transfer_ether(person), transfer_ether.__name__)

    def _act(self, who: Account, intent: Intent, doing: str) -> Sent:
        """Send what is intended, or the approval that it still lacks."""
        lacking = next((pair for pair in intent.takes if not self._may_take(who, *pair)), None)
        if lacking is not None:
            token, taker = lacking
            intent = Intent(call=token.call("approve", taker, FOREVER, gas=60_000))
            doing = "approve"
        return Sent(self.chain.send(who, intent.call), who.address, doing, intent.fails)

    def _may_take(self, owner: Account, token: Contract, taker: str) -> bool:
        key = owner.address, token.address, taker
        if key not in self._allowed:
            allowance: int = self.chain.read(token, "allowance", owner.address, taker)[0]
            if allowance > FOREVER // 2:
                self._allowed.add(key)
        return key in self._allowed
