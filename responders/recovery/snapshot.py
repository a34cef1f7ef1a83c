"""Who held how much of a token at a block, built from a node and checked to be complete.

Holders are found from the token's own transfers; what they held is asked at the block. The sum has
to be the token's supply at that block: a holder that no transfer named would show as a difference.
"""

from eth_utils.crypto import keccak

from responders.adapters.calls import called, word
from responders.answers import head
from responders.chain import Chain
from responders.recovery.history import address_in, entries
from responders.recovery.merkle import MAX_LEAVES
from runtime.evm import Endpoints
from schemas.errors import ConfigurationError, TransientError

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
_TOPICS = 3
_HEADERS_ONLY = False


def hash_of(endpoints: Endpoints, block: int) -> str:
    """Return a block's hash. Raises `TransientError` when no node has it."""
    return endpoints.ask("eth_getBlockByNumber", hex(block), _HEADERS_ONLY, read=head).hash


def balances(
    endpoints: Endpoints, chain: Chain, token: str, since: int, block: int
) -> dict[str, int]:
    """Return every account's balance after a block; `since` is the token's first.

    Raises `ConfigurationError` when the sum is not the token's supply, or there are too many;
    `TransientError` when no node answers, or none has that block's state any more.
    """
    before = hash_of(endpoints, block)
    found = {}
    for account in sorted(_named(endpoints, token, since, block)):
        balance = word(chain, token, called("balanceOf(address)", account), block)
        if balance is None:
            raise ConfigurationError(f"{token} does not say what {account} holds")
        if balance:
            found[account] = balance
    supply = word(chain, token, called("totalSupply()"), block)
    if sum(found.values()) != supply:
        raise ConfigurationError(
            f"{token}: the holders found have {sum(found.values())}, the supply is {supply}: begin "
            f"at the token's first block; one that changes balances by itself has no snapshot"
        )
    if hash_of(endpoints, block) != before:
        raise TransientError(f"block {block} was replaced meanwhile: take one that is final")
    return found


def _named(endpoints: Endpoints, token: str, since: int, block: int) -> set[str]:
    """Return whoever was sent anything."""
    found: set[str] = set()
    for entry in entries(endpoints, token, [TRANSFER], since, block):
        if len(entry.topics) != _TOPICS:
            raise ConfigurationError(f"{token} is no ERC-20: its transfers have other topics")
        found.add(address_in(entry.topics[2]))
        if len(found) > MAX_LEAVES:
            raise ConfigurationError(f"more than {MAX_LEAVES:,} accounts: pay them by parts")
    return found
