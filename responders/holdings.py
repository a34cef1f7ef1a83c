"""What a protocol holds, read from its chain: the live side of what the manifest says of loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from responders.chain import Call, Chain
from responders.reverts import selector
from runtime.logs import logger
from schemas.manifest import Manifest
from schemas.units import NATIVE

_log = logger(__name__)

MOST_READ = 256
"""Balances read per block and protocol. Beyond, nothing is read, and the manifest's word counts: to
read every block what takes longer than a block would hold up the brakes."""

_BALANCE_OF = selector("balanceOf(address)")
_GAS = 200_000


@dataclass(frozen=True, slots=True)
class Held:
    """What a protocol held after a block, in the manifest's currency."""

    balances: Mapping[tuple[str, str], Decimal]
    """By holder and token of `[[assets]]`; a token of which a balance is not known is left out."""
    whole: bool
    """Whether no token is left out."""

    @property
    def by_token(self) -> dict[str, Decimal]:
        """What is held of each token."""
        found: dict[str, Decimal] = {}
        for (_, token), money in self.balances.items():
            found[token] = found.get(token, Decimal(0)) + money
        return found

    @property
    def value(self) -> Decimal | None:
        """All of it; None where a token is left out."""
        return sum(self.balances.values(), Decimal(0)) if self.whole else None


def stated(manifest: Manifest) -> Held:
    """Return what the manifest itself says is held, in `[[known]]`."""
    units, found = units_of(manifest), {}
    for known in manifest.known:
        if known.holder in manifest.holders and known.token in units:
            found[known.holder, known.token] = known.amount * units[known.token]
    return Held(found, whole={token for _, token in found} >= units.keys())


def units_of(manifest: Manifest) -> dict[str, Decimal]:
    """Return what the smallest unit of each asset is worth."""
    return {
        (token := manifest.token_of(asset)): asset.price / 10 ** (manifest.decimals(token) or 0)
        for asset in manifest.assets
    }


class Holdings:
    """Reads one protocol's balances."""

    def __init__(self, chain: Chain, manifest: Manifest) -> None:
        self._chain = chain
        self.manifest = manifest
        self._holders = sorted(manifest.holders)
        self.units = units_of(manifest)
        """What the smallest unit of each asset is worth."""
        self.readable = len(self._holders) * len(self.units) <= MOST_READ
        """Whether there are few enough balances."""
        if not self.readable:
            _log.warning("too_many_balances", protocol=manifest.protocol, most=MOST_READ)

    def at(self, block: int) -> Held:
        """Return what is held after a block. Raises `TransientError` when no node answers."""
        if not self.readable:
            return Held({}, whole=False)
        found: dict[tuple[str, str], Decimal] = {}
        whole = True
        for token, unit in self.units.items():
            balances = {holder: self._balance(token, holder, block) for holder in self._holders}
            known = {h: balance for h, balance in balances.items() if balance is not None}
            if len(known) < len(balances):
                whole = False
                continue
            found |= {(holder, token): balance * unit for holder, balance in known.items()}
        return Held(found, whole)

    def taken(self, tx: str, block: int) -> Decimal | None:
        """Return what the holders together would have less, in money, if a transaction came again
        after a block; nought where it would revert, or leave them with as much or more. None where
        it cannot be simulated, or a balance is not known.

        What moves among them is no loss, nor is what is paid for with another asset: sums count.
        Raises `TransientError` when no node answers.
        """
        if not self.readable:
            return None
        places = [(holder, token) for token in self.units for holder in self._holders]
        found = self._chain.replay(tx, block, places)
        if found is None:
            return None
        if not found.ok:
            return Decimal(0)
        lost = Decimal(0)
        for (_, token), before, after in zip(places, found.before, found.after, strict=True):
            if before is None or after is None:
                return None
            lost += (before - after) * self.units[token]
        return max(lost, Decimal(0))

    def _balance(self, token: str, holder: str, block: int) -> int | None:
        if token == NATIVE:
            return self._chain.balance(holder, block)
        data = _BALANCE_OF + holder[2:].rjust(64, "0")
        answer = self._chain.call(Call(token, data, _GAS), sender=None, block=block)
        return int(answer.data, 16) if answer.ok and len(answer.data) == 66 else None
