"""Brakes of Aave V3 that are seen by the pool's configuration word of an asset
(`ReserveConfiguration.sol`).
"""

from collections.abc import Callable

from responders.adapters.base import Condition
from responders.adapters.calls import called, word, words
from responders.adapters.family import Deed, Family
from responders.chain import Chain

MOST_RESERVES = 128
"""`ReserveConfiguration.MAX_RESERVES_COUNT`."""

PAUSED, FROZEN, BORROW_CAP, SUPPLY_CAP = 60, 57, 80, 116
"""Where these begin in the word, in bits."""

CAP = 2**36 - 1
BASIS = 2**16 - 1
"""The highest cap, in whole tokens; the highest LTV, threshold or bonus."""


class Reserve(Family):
    """Brakes one reserve by a flag."""

    def __init__(self, chain: Chain, deed: Deed, pool: str, asset: str, bit: int) -> None:
        super().__init__(chain, deed)
        self._pool = pool
        self._asset = asset
        self._bit = bit

    def configuration(self, block: int | None) -> int:
        """Return the reserve's configuration, 0 for one that is not listed."""
        return configuration_of(self.chain, self._pool, self._asset, block)

    def holds(self, configuration: int) -> bool:
        """Tell whether a reserve with such a configuration is braked."""
        return bool(configuration >> self._bit & 1)

    def probe(self, block: int) -> Condition:
        """Read the reserve's configuration."""
        configuration = self.configuration(block)
        if not configuration:
            return Condition.UNKNOWN
        return Condition.BRAKED if self.holds(configuration) else Condition.OPEN


class CappedReserve(Reserve):
    """Lowers one cap of a reserve, which 0 would take away, and raises none (`adapters.caps`)."""

    def __init__(
        self,
        chain: Chain,
        pool: str,
        asset: str,
        bit: int,
        cap: int,
        made: Callable[[int], Deed],
    ) -> None:
        """`made` returns what is done for a cap."""
        super().__init__(chain, made(cap), pool, asset, bit)
        self._cap = cap
        self._made = made

    def calldata(self, block: int | None) -> str:
        """Return the call that lowers the cap, or leaves it where it is as low already."""
        configuration = self.configuration(block)
        if not self.holds(configuration):
            return self.deed.calldata
        return self._made(self._read(configuration)).calldata

    def holds(self, configuration: int) -> bool:
        """Tell whether there is a cap, and as low a one."""
        return 0 < self._read(configuration) <= self._cap

    def undone(self, block: int) -> str:
        """Say so if somebody else's lower cap was raised."""
        before, after = (self._read(self.configuration(at)) for at in (block - 1, block))
        return f"the cap was {before} before: lower it again" if 0 < before < after else ""

    def _read(self, configuration: int) -> int:
        return configuration >> self._bit & CAP


class ReserveWithoutLtv(Reserve):
    """Takes a reserve's LTV; where the call sets more along, that must be what it is already."""

    def __init__(
        self, chain: Chain, deed: Deed, pool: str, asset: str, terms: tuple[int, int] | None
    ) -> None:
        """`terms`: the liquidation threshold and bonus that the call sets along, None if none."""
        super().__init__(chain, deed, pool, asset, 0)
        self._terms = terms

    def holds(self, configuration: int) -> bool:
        """Read the LTV."""
        return not configuration & BASIS

    def objection(self, block: int) -> str:
        """Refuse to move the threshold or the bonus."""
        configuration = self.configuration(block)
        found = (configuration >> 16 & BASIS, configuration >> 32 & BASIS)
        if self._terms in (None, found):
            return ""
        stated = f"the manifest says {self._terms}"
        return f"liquidation threshold and bonus are {found}, {stated}: correct it"


class Pool(Family):
    """Pauses every reserve."""

    def __init__(self, chain: Chain, deed: Deed, pool: str) -> None:
        super().__init__(chain, deed)
        self._pool = pool

    def probe(self, block: int) -> Condition:
        """Look at each reserve until one is not paused."""
        listed = words(self.chain, self._pool, called("getReservesList()"), block)[2:]
        if not listed or len(listed) > MOST_RESERVES or max(listed) >= 2**160:
            return Condition.UNKNOWN
        for asset in listed:
            found = configuration_of(self.chain, self._pool, f"0x{asset:040x}", block)
            if not found:
                return Condition.UNKNOWN
            if not found >> PAUSED & 1:
                return Condition.OPEN
        return Condition.BRAKED


def configuration_of(chain: Chain, pool: str, asset: str, block: int | None) -> int:
    """Return an asset's configuration word, 0 for one that is not listed."""
    return word(chain, pool, called("getConfiguration(address)", asset), block) or 0
