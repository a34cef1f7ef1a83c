"""A contract's raw logs as CSV, one row per log, and beside it the transactions' ends and values.

The rows do not say which contract emitted them; the file's name may. An address in the name that
the rows have among their topics is what was searched for, not what emitted.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.files.fields import ZERO_ADDRESS, Fields, height, position, seconds, topics
from ingest.files.shape import Note, Piece, Place, Shape, has
from ingest.numbers import whole
from ingest.raw import RawBlock, RawLog, RawTransaction
from runtime import hexadecimal

UNKNOWN_CONTRACT = "which contract emitted these logs is not told: the zero address stands for it"

_ADDRESS = re.compile("(?<![0-9A-Za-z])0x[0-9a-fA-F]{40}(?![0-9A-Za-z])")


def _is_log(value: Any) -> bool:
    return _has_log(value) and "address" not in value


_has_log = has("block_number", "transaction_hash", "log_index", "topics", "data")


def _emitter(place: Place) -> str:
    named = _ADDRESS.search(place.stem)
    if named is None:
        return ZERO_ADDRESS
    found = named[0].lower()
    searched = str((place.first or {}).get("topics", "")).lower()
    return ZERO_ADDRESS if found[2:] in searched else found


def read_log(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one log."""
    fields = Fields(value, "log")
    log = RawLog(
        contract=_emitter(place),
        topics=fields.maybe(topics, "topics") or (),
        data=fields.maybe(hexadecimal.data, "data") or "0x",
        log=fields.need(position, "log_index"),
    )
    if log.contract == ZERO_ADDRESS:
        yield Note(UNKNOWN_CONTRACT)
    yield _block(fields, place, RawTransaction(**_identity(fields), logs=[log]))


def read_transaction(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the ends and the value of a transaction."""
    fields = Fields(value, "transaction")
    transaction = RawTransaction(
        **_identity(fields),
        sender=fields.need(hexadecimal.address, "from"),
        to=fields.maybe(hexadecimal.address, "to"),
        value=fields.need(whole, "value"),
    )
    yield _block(fields, place, transaction)


def _identity(fields: Fields) -> Mapping[str, Any]:
    return {
        "hash": fields.need(hexadecimal.hash32, "transaction_hash"),
        "index": fields.need(position, "transaction_index"),
    }


def _block(fields: Fields, place: Place, transaction: RawTransaction) -> RawBlock:
    return RawBlock(
        chain=place.chain,
        number=fields.need(height, "block_number"),
        hash="",
        parent="",
        timestamp=fields.maybe(seconds, "block_timestamp") or 0,
        transactions=[transaction],
    )


SHAPES = (
    Shape("raw log", _is_log, read_log, "stem"),
    Shape(
        "raw log's transaction",
        has("transaction_hash", "block_number", "transaction_index", "from", "to", "value"),
        read_transaction,
        "stem",
    ),
)
