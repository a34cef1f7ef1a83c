"""Records of what independent operators agree to. Keyed by protocol.

Each carries its own proof, so it does not matter who wrote it, where, or how often; `responders`
counts only what an operator of the manifest signed, on a brake of the manifest.
"""

from typing import Annotated

from msgspec import Meta

from schemas.base import Record
from schemas.units import Address, Chain, Count, Id, Key, Seconds

MAX_CONSENT_BYTES = 16 * 1024
"""The largest record: a call of 4 kB in hexadecimal, and the rest of it."""

_Call = Annotated[
    str, Meta(min_length=10, max_length=8194, extra_json_schema={"pattern": "^0x([0-9a-f]{2})*$"})
]
_Signature = Annotated[str, Meta(min_length=132, max_length=132, pattern="^0x[0-9a-f]{130}$")]


class Consent(Record, tag="consent", frozen=True, kw_only=True):
    """One operator's word that a brake be pulled, in one round, until it expires."""

    id: Id
    chain: Chain
    protocol: Key
    quorum: Address
    """The contract that counts the words (`contracts/src/OperatorQuorum.sol`)."""
    target: Address
    calldata: _Call
    round: Count
    """How often the quorum pulled this brake before: a word works once."""
    operator: Address
    """Whose word it says it is; the signature tells."""
    expires: Seconds
    signature: _Signature
    """EIP-712 over target, calldata, round and expiry, for the quorum's contract on its chain."""
