"""The contracts that a transaction created, with their code."""

from collections.abc import Iterator
from typing import NamedTuple

from eth_hash.auto import keccak

from ingest.frames import ZERO, normal_form
from ingest.raw import RawBlock, RawTransaction
from schemas.chain import Deployment
from schemas.ids import content_id

MAX_CODE = 1_000_000
"""Characters of code that travel; chains allow 49,154 and some a few times that."""

_UNKNOWN = "0x" + "0" * 64


def deployments(block: RawBlock, tx: RawTransaction) -> list[Deployment]:
    """Return a record for each contract that a transaction created and that was not reverted.

    Where the source cannot see the code, it is empty and its hash is zero; code that is longer than
    `MAX_CODE` is left out, and its hash tells which it was.
    """
    births = list(_births(tx))
    creator = tx.sender or next((birth.factory for birth in births), ZERO)
    place = block.hash or str(block.number)
    return [
        Deployment(
            id=content_id("deployment", block.chain, place, tx.hash, birth.address, number),
            chain=block.chain,
            block=block.number,
            block_hash=block.hash,
            timestamp=block.timestamp,
            tx=tx.hash,
            index=tx.index,
            address=birth.address,
            creator=creator,
            factory=birth.factory,
            code_hash=_code_hash(birth.code),
            code=birth.code if birth.code and len(birth.code) <= MAX_CODE else "0x",
            creation=birth.creation if len(birth.creation) <= MAX_CODE else "0x",
            creator_nonce=tx.nonce,
        )
        for number, birth in enumerate(births)
    ]


class _Birth(NamedTuple):
    """A contract's creation; `code` is '' where the source cannot see it."""

    factory: str
    address: str
    code: str
    creation: str


def _births(tx: RawTransaction) -> Iterator[_Birth]:
    seen = False
    if any(frame.kind == "create" for frame in tx.frames or ()):
        for frame in normal_form(tx.frames or ()):
            if frame.born:
                seen = seen or frame.to == tx.created
                yield _Birth(frame.sender, frame.to, frame.output, frame.input or "0x")
    if tx.created and not seen:
        yield _Birth(tx.sender or ZERO, tx.created, "", tx.input or "0x")


def _code_hash(code: str) -> str:
    return "0x" + keccak(bytes.fromhex(code[2:])).hex() if code else _UNKNOWN
