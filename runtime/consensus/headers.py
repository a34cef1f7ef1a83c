"""A block's hash, computed from its header's fields: what ties roots, number and parent together.

Sources: Ethereum Yellow Paper, section 4.3; EIP-1559, EIP-4895, EIP-4844, EIP-4788, EIP-7685. A
later fork's or another chain's header may have fields that are not known here: the hash is then
another one, never a right one by mistake.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eth_hash.auto import keccak

from runtime.consensus.fields import account, number, octets, word
from runtime.consensus.rlp import listed
from runtime.consensus.trie import ordered_root

_Read = Callable[[Mapping[str, Any], str], bytes]

_ALWAYS: tuple[tuple[str, _Read], ...] = (
    ("parentHash", word),
    ("sha3Uncles", word),
    ("miner", account),
    ("stateRoot", word),
    ("transactionsRoot", word),
    ("receiptsRoot", word),
    ("logsBloom", octets),
    ("difficulty", number),
    ("number", number),
    ("gasLimit", number),
    ("gasUsed", number),
    ("timestamp", number),
    ("extraData", octets),
    ("mixHash", word),
    ("nonce", octets),
)
_SINCE: tuple[tuple[str, _Read], ...] = (
    ("baseFeePerGas", number),
    ("withdrawalsRoot", word),
    ("blobGasUsed", number),
    ("excessBlobGas", number),
    ("parentBeaconBlockRoot", word),
    ("requestsHash", word),
)
"""What forks added, in their order; a header has those up to its own fork."""


def header_hash(block: Mapping[str, Any]) -> bytes:
    """Return the hash of a header in JSON-RPC form.

    Raises `PoisonRecordError` naming the field that cannot be read.
    """
    fields = [*_ALWAYS, *((name, read) for name, read in _SINCE if block.get(name) is not None)]
    return bytes(keccak(listed([read(block, name) for name, read in fields])))


def withdrawals_root(withdrawals: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the root over a block's withdrawals (EIP-4895), as `header_hash` raises."""
    return ordered_root([_withdrawal(one) for one in withdrawals])


def _withdrawal(one: Mapping[str, Any]) -> bytes:
    indices = [number(one, "index"), number(one, "validatorIndex")]
    return listed([*indices, account(one, "address"), number(one, "amount")])
