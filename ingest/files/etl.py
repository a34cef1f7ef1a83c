"""ethereum-etl's exports (snake_case, whole numbers), as JSON lines or CSV.

Blocks, transactions, receipts, logs, traces and token transfers lie in files of their own, or mixed
in one, and are joined by folder.
"""

from collections.abc import Iterator
from typing import Any

from ingest.files.bytecode import named_code
from ingest.files.fields import (
    ZERO_ADDRESS,
    Fields,
    height,
    position,
    seconds,
    succeeded,
    text,
    topics,
)
from ingest.files.shape import Piece, Place, Shape, Skipped, TraceRow, has
from ingest.numbers import refused, whole
from ingest.raw import RawBlock, RawLog, RawTransaction, RawTransfer
from runtime import hexadecimal


def _block(fields: Fields, place: Place, *transactions: RawTransaction) -> RawBlock:
    return RawBlock(
        chain=place.chain,
        number=fields.need(height, "block_number", "number"),
        hash=fields.maybe(hexadecimal.hash32, "block_hash") or "",
        parent="",
        timestamp=fields.maybe(seconds, "block_timestamp") or 0,
        transactions=list(transactions),
    )


def read_block(value: Any, place: Place) -> Iterator[Piece]:
    """Yield a block without its transactions."""
    fields = Fields(value, "block")
    yield RawBlock(
        chain=place.chain,
        number=fields.need(height, "number"),
        hash=fields.need(hexadecimal.hash32, "hash"),
        parent=fields.need(hexadecimal.hash32, "parent_hash"),
        timestamp=fields.need(seconds, "timestamp"),
    )


def read_transaction(value: Any, place: Place) -> Iterator[Piece]:
    """Yield a transaction, with its receipt where the export joined it."""
    fields = Fields(value, "transaction")
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "hash"),
        index=fields.need(position, "transaction_index"),
        sender=fields.need(hexadecimal.address, "from_address"),
        to=fields.maybe(hexadecimal.address, "to_address"),
        value=fields.need(whole, "value"),
        input=fields.maybe(hexadecimal.data, "input") or "0x",
        ok=fields.maybe(succeeded, "receipt_status"),
        gas_used=fields.maybe(whole, "receipt_gas_used"),
        created=fields.maybe(hexadecimal.address, "receipt_contract_address"),
    )
    yield _block(fields, place, transaction)


def read_receipt(value: Any, place: Place) -> Iterator[Piece]:
    """Yield what a receipt tells besides its logs."""
    fields = Fields(value, "receipt")
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transaction_hash"),
        index=fields.need(position, "transaction_index"),
        ok=fields.maybe(succeeded, "status"),
        gas_used=fields.need(whole, "gas_used"),
        created=fields.maybe(hexadecimal.address, "contract_address"),
    )
    yield _block(fields, place, transaction)


def read_log(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one log."""
    fields = Fields(value, "log")
    log = RawLog(
        contract=fields.need(hexadecimal.address, "address"),
        topics=fields.maybe(topics, "topics") or (),
        data=fields.maybe(hexadecimal.data, "data") or "0x",
        log=fields.need(position, "log_index"),
    )
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transaction_hash"),
        index=fields.need(position, "transaction_index"),
        logs=[log],
    )
    yield _block(fields, place, transaction)


def read_transfer(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one token transfer; which position its transaction has, other files may tell."""
    fields = Fields(value, "token transfer")
    transfer = RawTransfer(
        token=fields.need(hexadecimal.address, "token_address"),
        sender=fields.need(hexadecimal.address, "from_address"),
        to=fields.need(hexadecimal.address, "to_address"),
        amount=fields.need(whole, "value"),
    )
    transaction = RawTransaction(
        hash=fields.need(hexadecimal.hash32, "transaction_hash"), index=-1, transfers=[transfer]
    )
    yield _block(fields, place, transaction)


def read_trace(value: Any, place: Place) -> Iterator[Piece]:
    """Yield one frame; what is not part of a transaction is skipped."""
    fields = Fields(value, "trace")
    if fields.raw("trace_type") in ("reward", "genesis", "daofork"):
        yield Skipped("block reward")
        return
    transaction = RawTransaction(
        hash=fields.maybe(hexadecimal.hash32, "transaction_hash") or "",
        index=fields.need(position, "transaction_index"),
    )
    yield TraceRow(_block(fields, place, transaction), _parity_row(fields))


def _parity_row(fields: Fields) -> dict[str, Any]:
    """Write a frame as the Parity row that the export was made from."""
    kind, amount = fields.need(text, "trace_type"), hex(fields.maybe(whole, "value") or 0)
    sender, to = fields.raw("from_address"), fields.raw("to_address")
    told, output = fields.raw("input") or "0x", fields.raw("output")
    row = {"type": kind, "error": fields.raw("error"), "traceAddress": _steps(fields)}
    if kind == "create":
        action = {"from": sender, "value": amount, "init": told}
        return row | {"action": action, "result": {"address": to, "code": output}}
    if kind == "suicide":
        heir = to or ZERO_ADDRESS
        return row | {"action": {"address": sender, "refundAddress": heir, "balance": amount}}
    called = {"from": sender, "to": to, "value": amount, "input": told}
    action = called | {"callType": fields.raw("call_type") or "call"}
    return row | {"action": action, "result": {"output": output}}


def _steps(fields: Fields) -> list[int]:
    told = fields.raw("trace_address") or []
    steps = told.split(",") if isinstance(told, str) else told
    if not isinstance(steps, list):
        raise refused(told, "trace_address", "a list of numbers")
    return [position(step, "trace_address") for step in steps]


def read_contract(value: Any, _place: Place) -> Iterator[Piece]:
    """Yield a contract's deployed code."""
    fields = Fields(value, "contract")
    yield named_code(
        address=fields.need(hexadecimal.address, "address"),
        tx="",
        init_code="",
        runtime_code=fields.maybe(hexadecimal.data, "bytecode") or "0x",
    )


def read_token(_value: Any, _place: Place) -> Iterator[Piece]:
    """Leave out names and decimals: manifests say them."""
    yield Skipped("token names and decimals")


SHAPES = (
    Shape("block", has("number", "hash", "parent_hash", "timestamp"), read_block, "folder"),
    Shape(
        "transaction",
        has("hash", "block_number", "from_address", "to_address", "input"),
        read_transaction,
        "folder",
    ),
    Shape(
        "receipt",
        has("transaction_hash", "cumulative_gas_used", "gas_used"),
        read_receipt,
        "folder",
    ),
    Shape(
        "log",
        has("transaction_hash", "log_index", "address", "topics"),
        read_log,
        "folder",
        whole="logs",
    ),
    Shape(
        "token transfer",
        has("token_address", "from_address", "to_address", "transaction_hash"),
        read_transfer,
        "folder",
        whole="transfers",
    ),
    Shape("trace", has("trace_type", "trace_address", "from_address"), read_trace, "folder"),
    Shape("contract", has("address", "bytecode"), read_contract),
    Shape("token", has("address", "symbol", "decimals"), read_token),
)
