"""What a protocol holds, read from its chain: the live side of what the manifest says of loss."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

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

    by_token: Mapping[str, Decimal]
    """The tokens of `[[assets]]`; one of which a balance could not be read is left out."""
    value: Decimal | None
    """All of it; None where a token is left out."""


NOTHING_KNOWN = Held(MappingProxyType({}), None)


class Holdings:
    """Reads one protocol's balances."""

    def __init__(self, chain: Chain, manifest: Manifest) -> None:
        self._chain = chain
        self._holders = sorted(manifest.holders)
        self._units = {
            token: asset.price / 10 ** (manifest.decimals(token) or 0)
            for asset in manifest.assets
            if (token := manifest.token_named(asset.token)) is not None
        }
        self._readable = len(self._holders) * len(self._units) <= MOST_READ
        if not self._readable:
            _log.warning("too_many_balances", protocol=manifest.protocol, most=MOST_READ)

    def at(self, block: int) -> Held:
        """Return what is held after a block. Raises `TransientError` when no node answers."""
        if not self._readable:
            return NOTHING_KNOWN
        found: dict[str, Decimal] = {}
        for token, unit in self._units.items():
            balances = [self._balance(token, holder, block) for holder in self._holders]
            known = [balance for balance in balances if balance is not None]
            if len(known) == len(balances):
                found[token] = sum(known) * unit
        whole = len(found) == len(self._units)
        return Held(found, sum(found.values(), Decimal(0)) if whole else None)

    def _balance(self, token: str, holder: str, block: int) -> int | None:
        if token == NATIVE:
            return self._chain.balance(holder)
        data = _BALANCE_OF + holder[2:].rjust(64, "0")
        answer = self._chain.call(Call(token, data, _GAS), sender=None, block=block)
        return int(answer.data, 16) if answer.ok and len(answer.data) == 66 else None
