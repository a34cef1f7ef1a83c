"""What the sandbox's people see when they decide: balances and prices after the latest block."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sandbox.evm import ETHER, Account, Chain, Contract
from sandbox.world import World

FEE = 997, 1000
"""What a Uniswap V2 pair leaves of a payment."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one of them owns and owes, in smallest units."""

    ether: int
    tokens: dict[str, int]
    """By address; shares of pairs too."""
    supplied: int
    collateral: int
    debt: int
    vault: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One look at the world."""

    world: World
    holdings: dict[str, Holdings]
    """By address: of everybody, and of the lending pool."""
    reserves: dict[str, dict[str, int]]
    """By pair and token."""

    def of(self, who: Account) -> Holdings:
        """Return what somebody owns."""
        return self.holdings[who.address]

    def balance(self, who: Account, token: Contract) -> int:
        """Return how much of a token somebody owns."""
        return self.of(who).tokens[token.address]

    @property
    def liquidity(self) -> int:
        """How many dollars the lending pool can pay out."""
        return self.holdings[self.world.pool.address].tokens[self.world.tokens.dollar.address]

    @property
    def clover_price(self) -> int:
        """Dollars' smallest units per whole clover, as the lending pool sees it."""
        reserves = self.reserves[self.world.pairs.thin.address]
        tokens = self.world.tokens
        return reserves[tokens.dollar.address] * ETHER // reserves[tokens.clover.address]

    def quote(self, path: Sequence[Contract], amount: int) -> int:
        """Return what the router would pay out along this path."""
        for token, following in pairwise(path):
            ours, theirs = self.along(token, following)
            paid = amount * FEE[0]
            amount = paid * theirs // (ours * FEE[1] + paid)
        return amount

    def impact(self, path: Sequence[Contract], amount: int) -> float:
        """Return the largest share of a pair's reserve that this swap adds on its way."""
        shares = []
        for token, following in pairwise(path):
            shares.append(amount / self.along(token, following)[0])
            amount = self.quote((token, following), amount)
        return max(shares)

    def along(self, token: Contract, following: Contract) -> tuple[int, int]:
        """Return the reserves of the pair of these two tokens, in this order."""
        wanted = {token.address, following.address}
        reserves = next(found for found in self.reserves.values() if found.keys() == wanted)
        return reserves[token.address], reserves[following.address]


class Observer:
    """Looks at the world through the `Lens` contract: one request for everything."""

    def __init__(self, world: World, chain: Chain) -> None:
        self._world = world
        self._chain = chain
        self._who = [account.address for account in (*world.users, *world.accounts.values())]
        self._who.append(world.pool.address)
        self._tokens = [contract.address for contract in (*world.tokens, *world.pairs)]
        self._pairs = [pair.address for pair in world.pairs]
        self._sides = [
            (chain.read(pair, "token0")[0], chain.read(pair, "token1")[0]) for pair in world.pairs
        ]

    def look(self) -> Scene:
        """Return the world after the latest block."""
        world = self._world
        everything = self._who, self._tokens, self._pairs, world.pool.address, world.vault.address
        rows, reserves = self._chain.read(world.lens, "look", *everything)
        return Scene(
            world,
            {
                who: Holdings(ether, dict(zip(self._tokens, balances, strict=True)), *rest)
                for who, (ether, balances, *rest) in zip(self._who, rows, strict=True)
            },
            {
                pair: dict(zip(sides, amounts, strict=True))
                for pair, sides, amounts in zip(self._pairs, self._sides, reserves, strict=True)
            },
        )
