"""Parity traces: one row per frame, in camelCase or snake_case, alone or with a block's receipts.

A list of rows is a case by itself, and so is a block document (`{"traces": [...], "receipts":
[...]}`); a recorded `trace_block` answer belongs to its folder, like all answers.
"""

from collections.abc import Iterator
from typing import Any

from ingest.files.call_trees import place_of
from ingest.files.fields import Fields, height, position, seconds
from ingest.files.shape import Piece, Place, Shape, Skipped, TraceRow, has
from ingest.files.unread import unread
from ingest.numbers import refused, whole
from ingest.raw import RawBlock, RawTransaction
from runtime import hexadecimal
from schemas.errors import PoisonRecordError


def read_row(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one frame; what is not part of a transaction is skipped."""
    fields = Fields(value, "trace")
    if fields.raw("type") == "reward":
        yield Skipped("block reward")
        return
    place_of(value)
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transactionHash", "transaction_hash"),
        index=fields.need(position, "transactionPosition", "transaction_position"),
    )
    block = RawBlock(
        chain=place.chain,
        number=fields.need(height, "blockNumber", "block_number"),
        hash=fields.need(hexadecimal.hash32, "blockHash", "block_hash"),
        parent="",
        timestamp=0,
        transactions=[transaction],
    )
    yield TraceRow(block, value)


def read_document(value: Any, place: Place) -> Iterator[Piece]:
    """Yield a block with its frames and receipts."""
    fields = Fields(value, "block")
    block = RawBlock(
        chain=place.chain,
        number=fields.need(height, "block_number"),
        hash="",
        parent="",
        timestamp=fields.maybe(seconds, "block_timestamp") or 0,
    )
    yield block
    for what, read in (("traces", read_row), ("receipts", _read_receipt)):
        told = fields.raw(what)
        if not isinstance(told, list):
            raise refused(told, what, "a list")
        for number, row in enumerate(told):
            try:
                yield from read(row, place)
            except PoisonRecordError as error:
                yield unread(f"{what}[{number}]", error, row)


def _read_receipt(value: Any, place: Place) -> Iterator[Piece]:
    fields = Fields(value, "receipt")
    gas = fields.need(whole, "gas_used")
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transaction_hash"),
        index=fields.need(position, "transaction_index"),
        to=fields.maybe(hexadecimal.address, "to"),
        # exporters without access to receipts write 1, which no transaction can have used
        gas_used=gas if gas > 1 else None,
    )
    yield RawBlock(
        chain=place.chain,
        number=fields.need(height, "block_number"),
        hash="",
        parent="",
        timestamp=0,
        transactions=[transaction],
    )


SHAPES = (
    Shape("Parity trace", has("action", "traceAddress"), read_row, answers="folder"),
    Shape("Parity trace", has("action", "trace_address"), read_row),
    Shape("block with traces and receipts", has("traces", "receipts"), read_document),
)
