"""Blocks, transactions, receipts and logs as a node's JSON-RPC answers them (camelCase, hex).

A block may hold its transactions' receipts (`receipt` under each), or hashes instead of
transactions. Receipts and logs that lie in other files of the folder are joined by hash.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ingest.files.fields import Fields, height, position, seconds, succeeded, topics
from ingest.files.shape import Piece, Place, Shape, has
from ingest.files.unread import unread
from ingest.numbers import refused, whole
from ingest.raw import RawBlock, RawLog, RawTransaction
from runtime import hexadecimal
from schemas.errors import PoisonRecordError


def read_block(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the block itself, then each of its transactions."""
    fields = Fields(value, "block")
    told = fields.raw("transactions") or []
    if not isinstance(told, list):
        raise refused(told, "transactions", "a list")

    block = RawBlock(
        chain=place.chain,
        number=fields.need(height, "number"),
        hash=fields.need(hexadecimal.hash32, "hash"),
        parent=fields.need(hexadecimal.hash32, "parentHash"),
        timestamp=fields.need(seconds, "timestamp"),
    )
    yield block
    for index, transaction in enumerate(told):
        try:
            yield replace(block, transactions=[_in_block(transaction, index)])
        except PoisonRecordError as error:
            yield unread(f"transaction {index}", error, transaction)


def _in_block(value: Any, index: int) -> RawTransaction:
    if isinstance(value, str):
        return RawTransaction(hash=hexadecimal.hash32(value, "transaction"), index=index)
    found = _transaction(Fields(value, "transaction"), index)
    receipt = value.get("receipt")
    if receipt is not None:
        told = _receipt(Fields(receipt, "receipt"), found.hash, found.index)
        found.ok, found.gas_used, found.created = told.ok, told.gas_used, told.created
        found.logs = told.logs
    return found


def _transaction(fields: Fields, index: int) -> RawTransaction:
    placed = fields.maybe(position, "transactionIndex")
    return RawTransaction(
        hash=fields.need(hexadecimal.hash32, "hash"),
        index=index if placed is None else placed,
        sender=fields.need(hexadecimal.address, "from"),
        to=fields.maybe(hexadecimal.address, "to"),
        value=fields.need(whole, "value"),
        input=fields.need(hexadecimal.data, "input", "data"),
    )


def _receipt(fields: Fields, tx: str, index: int) -> RawTransaction:
    logs = fields.raw("logs") or []
    if not isinstance(logs, list):
        raise refused(logs, "logs", "a list")
    return RawTransaction(
        hash=tx,
        index=index,
        sender=fields.maybe(hexadecimal.address, "from"),
        to=fields.maybe(hexadecimal.address, "to"),
        ok=fields.maybe(succeeded, "status"),
        gas_used=fields.maybe(whole, "gasUsed"),
        created=fields.maybe(hexadecimal.address, "contractAddress"),
        logs=[_log(Fields(log, "log")) for log in logs],
    )


def _log(fields: Fields) -> RawLog:
    return RawLog(
        contract=fields.need(hexadecimal.address, "address"),
        topics=fields.need(topics, "topics"),
        data=fields.maybe(hexadecimal.data, "data") or "0x",
        log=fields.need(position, "logIndex"),
    )


def _of_block(fields: Fields, place: Place, transaction: RawTransaction) -> RawBlock:
    return RawBlock(
        chain=place.chain,
        number=fields.need(height, "blockNumber"),
        hash=fields.maybe(hexadecimal.hash32, "blockHash") or "",
        parent="",
        timestamp=0,
        transactions=[transaction],
    )


def read_transaction(value: Any, place: Place) -> Iterator[Piece]:
    """Yield what a transaction by itself tells of its block."""
    fields = Fields(value, "transaction")
    yield _of_block(fields, place, _transaction(fields, fields.need(position, "transactionIndex")))


def read_receipt(value: Any, place: Place) -> Iterator[Piece]:
    """Yield what a receipt tells of its block."""
    fields = Fields(value, "receipt")
    tx = fields.need(hexadecimal.hash32, "transactionHash")
    index = fields.need(position, "transactionIndex")
    yield _of_block(fields, place, _receipt(fields, tx, index))


def read_log(value: Any, place: Place) -> Iterator[Piece]:
    """Yield what a log tells of its block."""
    fields = Fields(value, "log")
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transactionHash"),
        index=fields.need(position, "transactionIndex"),
        logs=[_log(fields)],
    )
    yield _of_block(fields, place, transaction)


BLOCK = Shape("JSON-RPC block", has("parentHash", "transactions"), read_block, "folder")
SHAPES = (
    BLOCK,
    Shape("JSON-RPC receipt", has("transactionHash", "logs"), read_receipt, "folder"),
    Shape("JSON-RPC log", has("transactionHash", "logIndex", "topics"), read_log, "folder"),
    Shape("JSON-RPC transaction", has("hash", "from", "gas", "input"), read_transaction, "folder"),
)
