"""What a protocol holds, read from its chain after one block, in US dollars."""

from collections.abc import Iterator
from decimal import Decimal

from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError
from schemas.manifest import Manifest
from schemas.units import NATIVE

MOST_READ = 256
"""Balances read of one protocol. Beyond, the manifest's word counts."""

_BALANCE_OF = "0x70a08231"  # balanceOf(address)


def readable(manifest: Manifest) -> bool:
    """Say whether what a protocol holds can be read at all."""
    return 0 < len(manifest.assets) * len(manifest.holders) <= MOST_READ


def held(manifest: Manifest, nodes: Endpoints, block_hash: str) -> float:
    """Return what all holders held of all `[[assets]]` after this very block (EIP-1898).

    Raises `TransientError` when no node answers, or one does not know the block or a token.
    """
    place = {"blockHash": block_hash}
    try:
        found = sum(_values(manifest, nodes, place), Decimal(0))
    except (NodeRefusalError, ValueError, TypeError) as error:
        raise TransientError(
            f"{manifest.protocol}: what it holds cannot be read: {error}"
        ) from error
    return float(found * manifest.underwriting.dollars)


def _values(manifest: Manifest, nodes: Endpoints, place: dict[str, str]) -> Iterator[Decimal]:
    for asset in manifest.assets:
        token = manifest.token_of(asset)
        unit = asset.price / 10 ** (manifest.decimals(token) or 0)
        for holder in sorted(manifest.holders):
            if token == NATIVE:
                answer: object = nodes.ask("eth_getBalance", holder, place)
            else:
                call = {"to": token, "data": _BALANCE_OF + holder[2:].rjust(64, "0")}
                answer = nodes.ask("eth_call", call, place)
            if not isinstance(answer, str) or not 3 <= len(answer) <= 66:
                raise ValueError(f"{token} answers no balance of {holder}")
            yield int(answer, 16) * unit
