"""The layouts known without any ABI, in Solidity's notation, grouped by what speaks them.

Where two standards share a signature hash and a count of topics, the first in this order is taken:
an event `Mint(address indexed, uint256, uint256)` reads as a Uniswap V2 pair's, unless the
contract's own ABI is given.
"""

from ingest.decode.builtin import (
    authority,
    bridges,
    exchanges,
    governance,
    lending,
    oracles,
    perpetuals,
    requests,
    signals,
    tokens,
)
from ingest.decode.signatures import Interface, parse

_GROUPS = (
    tokens,
    exchanges,
    lending,
    authority,
    governance,
    bridges,
    oracles,
    perpetuals,
    requests,
    signals,
)


def interface() -> Interface:
    """Return every event and function known without an ABI."""
    return parse("".join(group.INTERFACE for group in _GROUPS))
