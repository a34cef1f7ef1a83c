"""A flash swap bends the thin pair's price, and the lending pool lends against it."""

from sandbox.attacks.base import Attack
from sandbox.evm import Call, Chain, Contract
from sandbox.world import BORROW_LIMIT, DOLLAR, World


class SpotOracleAttack(Attack):
    """Borrows from the pool, again and again, as much as one transaction may."""

    asset = "AUSD"
    decimals = 6
    drains = 9

    _LOAN = 1_200_000 * DOLLAR
    """Three times the thin pair's dollars: clover seems worth sixteen times as much."""

    def __init__(self, world: World) -> None:
        super().__init__(world, "SpotAttack", world.pool.address, world.pairs.deep.address)
        self.token = world.tokens.dollar.address

    @property
    def victim(self) -> Contract:
        """The lending pool."""
        return self.world.pool

    def drain(self) -> Call:
        """Return the call that steals one share."""
        return self.contract.call("drain", self._LOAN, BORROW_LIMIT, gas=900_000)

    def exposed(self, chain: Chain, block: int | str = "latest") -> int:
        """Return the dollars in the pool at a block."""
        dollar = self.world.tokens.dollar
        held: int = chain.read(dollar, "balanceOf", self.victim.address, block=block)[0]
        return held
