"""A receiver of ether calls back, and the vault pays it again from the same balance."""

from sandbox.attacks.base import Attack
from sandbox.evm import Call, Chain, Contract
from sandbox.world import WITHDRAWAL_LIMIT, World
from schemas.units import NATIVE


class Reentrancy(Attack):
    """Withdraws one deposit many times, in each transaction as much as it may."""

    asset = "ETH"
    token = NATIVE
    decimals = 18
    drains = 14

    _ROUNDS = 20

    def __init__(self, world: World) -> None:
        super().__init__(world, "ReentrancyAttack", world.vault.address)

    @property
    def victim(self) -> Contract:
        """The vault."""
        return self.world.vault

    def drain(self) -> Call:
        """Return the call that steals one share."""
        stake = WITHDRAWAL_LIMIT // self._ROUNDS
        return self.contract.call("drain", self._ROUNDS, value=stake, gas=1_500_000)

    def exposed(self, chain: Chain, block: int | str = "latest") -> int:
        """Return the ether in the vault at a block."""
        return chain.ether(self.victim.address, block)
