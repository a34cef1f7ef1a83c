"""What every attack has in common: an attacker's contract, created once and called many times."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import contracts
from sandbox.abi import Interface
from sandbox.evm import Account, Call, Chain, Contract, created_by, sign
from sandbox.world import World


class Attack(ABC):
    """An attacker with a fresh account, who signs everything before the first of it is sent."""

    asset: str
    """What people call that which is stolen."""
    token: str
    """Its address, or `native`."""
    decimals: int
    """How many decimals it has."""
    drains: int
    """How many transactions steal; one more, the first, only creates the attacker's contract."""

    def __init__(self, world: World, artefact: str, *arguments: str) -> None:
        self.world = world
        self.account: Account = world.accounts["attacker"]
        compiled = contracts.load(artefact)
        interface = Interface(compiled.abi)
        self.contract = Contract(created_by(self.account.address, 0), interface)
        self._creation = Call(
            to=None, data=interface.creation(compiled.bytecode, *arguments), gas=3_000_000
        )

    @property
    @abstractmethod
    def victim(self) -> Contract:
        """The contract that is drained."""

    @abstractmethod
    def drain(self) -> Call:
        """Return the call that steals one share."""

    @abstractmethod
    def exposed(self, chain: Chain, block: int | str = "latest") -> int:
        """Return what the victim holds at a block, in smallest units."""

    def transactions(self) -> Iterator[bytes]:
        """Return the signed transactions, in the order of their nonces, from 0 on."""
        for nonce, call in enumerate([self._creation, *[self.drain()] * self.drains]):
            yield sign(self.account, call, nonce, self.world.chain_id)
