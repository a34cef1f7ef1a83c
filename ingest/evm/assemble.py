"""From a node's answers to one `RawBlock`, after checking that they belong together. Pure.

What is checked: every receipt names this block and its own transaction, in order and none missing,
and together they give the receipts root of the block's header. So a node that leaves out a log, or
mixes two branches, is found out before anything is published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.evm.traces import Frames
from ingest.raw import RawBlock, RawLog, RawTransaction
from runtime import hexadecimal
from runtime.consensus.receipts import logs_bloom, receipts_root
from schemas.errors import PoisonRecordError
from schemas.operations import BlockRef

_STANDARD_TYPES = range(5)
"""Transaction types of Ethereum. Chains with types of their own encode those receipts in ways of
their own, so their root cannot be computed here; the bloom over all logs is checked instead."""

Table = Mapping[str, Any]


def block_ref(header: Any) -> BlockRef:
    """Read a header. Raises `PoisonRecordError` naming the field that cannot be read."""
    found = _table(header, "header")
    return BlockRef(
        number=hexadecimal.quantity(found.get("number"), "number"),
        hash=hexadecimal.hash32(found.get("hash"), "hash"),
        parent=hexadecimal.hash32(found.get("parentHash"), "parentHash"),
        timestamp=hexadecimal.quantity(found.get("timestamp"), "timestamp"),
    )


def transaction_names(block: Any) -> list[str]:
    """Read the hashes of a block's transactions, as `block_ref` reads its header."""
    transactions = _tables(_table(block, "block").get("transactions"), "transactions")
    return [hexadecimal.hash32(found.get("hash"), "transaction.hash") for found in transactions]


@dataclass(frozen=True, slots=True)
class Receipts:
    """A block's receipts with what is computed over them: work that need not wait for the block."""

    rows: Sequence[Table]
    root: str
    """In hexadecimal; '' where transactions of these types are encoded in a way of their own."""
    bloom: str


def read_receipts(answer: Any) -> Receipts:
    """Read the receipts of one block, in the order of their transactions.

    Raises `PoisonRecordError` naming the field that cannot be read.
    """
    rows = _tables(answer, "receipts")
    kinds = {hexadecimal.quantity(row.get("type") or "0x0", "type") for row in rows}
    standard = all(kind in _STANDARD_TYPES for kind in kinds)
    logs = [log for row in rows for log in _tables(row.get("logs"), "logs")]
    return Receipts(
        rows=rows,
        root=f"0x{receipts_root(rows).hex()}" if standard else "",
        bloom="" if standard else f"0x{logs_bloom(logs).hex()}",
    )


def raw_block(chain: str, block: Any, receipts: Receipts) -> RawBlock:
    """Join a block with whole transactions and its receipts; frames are left out.

    Raises `PoisonRecordError` saying what does not fit.
    """
    ref = block_ref(block)
    transactions = _tables(block.get("transactions"), "transactions")
    outcomes = receipts.rows
    if len(outcomes) != len(transactions):
        raise PoisonRecordError(
            f"block {ref.number} has {len(transactions)} transactions but {len(outcomes)} receipts"
        )
    joined = [
        _transaction(index, transaction, receipt, ref)
        for index, (transaction, receipt) in enumerate(zip(transactions, outcomes, strict=True))
    ]
    _require_complete(block, receipts, ref)
    return RawBlock(chain, ref.number, ref.hash, ref.parent, ref.timestamp, joined)


def add_frames(block: RawBlock, frames: Frames) -> bool:
    """Give each transaction its frames if there are some for every one; say whether there were."""
    if any(not frames.get(transaction.index) for transaction in block.transactions):
        return False
    for transaction in block.transactions:
        transaction.frames = frames[transaction.index]
    return True


def _require_complete(block: Table, receipts: Receipts, ref: BlockRef) -> None:
    if receipts.root:
        fits = receipts.root == hexadecimal.hash32(block.get("receiptsRoot"), "receiptsRoot")
    else:
        fits = receipts.bloom == hexadecimal.data(block.get("logsBloom"), "logsBloom")
    if not fits:
        raise PoisonRecordError(
            f"the receipts do not fit the header of block {ref.number} {ref.hash}: "
            "some of them are missing or not of this block"
        )


def _transaction(index: int, transaction: Table, receipt: Table, ref: BlockRef) -> RawTransaction:
    name = hexadecimal.hash32(transaction.get("hash"), "transaction.hash")
    if (
        hexadecimal.hash32(receipt.get("blockHash"), "receipt.blockHash") != ref.hash
        or hexadecimal.hash32(receipt.get("transactionHash"), "transactionHash") != name
        or hexadecimal.quantity(receipt.get("transactionIndex"), "transactionIndex") != index
    ):
        raise PoisonRecordError(f"receipt {index} is not of {name} in block {ref.hash}")
    status, to = receipt.get("status"), transaction.get("to")
    nonce = transaction.get("nonce")
    created = receipt.get("contractAddress")
    ok = None if status is None else hexadecimal.quantity(status, "status") == 1
    return RawTransaction(
        hash=name,
        index=index,
        sender=hexadecimal.address(transaction.get("from"), "from"),
        to=None if to is None else hexadecimal.address(to, "to"),
        value=hexadecimal.quantity(transaction.get("value"), "value"),
        input=hexadecimal.data(transaction.get("input"), "input"),
        ok=ok,
        gas_used=hexadecimal.quantity(receipt.get("gasUsed"), "gasUsed"),
        nonce=None if nonce is None else hexadecimal.quantity(nonce, "nonce"),
        created=None
        if created is None or to is not None or ok is False
        else hexadecimal.address(created, "contractAddress"),
        logs=[_log(log) for log in _tables(receipt.get("logs"), "logs")],
    )


def _log(log: Table) -> RawLog:
    topics = log.get("topics")
    if not isinstance(topics, list) or len(topics) > 4:
        raise PoisonRecordError(f"topics are not a list of at most four: {str(topics)[:90]!r}")
    return RawLog(
        contract=hexadecimal.address(log.get("address"), "address"),
        topics=tuple(hexadecimal.hash32(topic, "topic") for topic in topics),
        data=hexadecimal.data(log.get("data"), "data"),
        log=hexadecimal.quantity(log.get("logIndex"), "logIndex"),
    )


def _table(value: Any, field: str) -> Table:
    if isinstance(value, dict):
        return value
    raise PoisonRecordError(f"{field} is not an object: {str(value)[:90]!r}")


def _tables(value: Any, field: str) -> list[Table]:
    if isinstance(value, list):
        return [_table(item, field) for item in value]
    raise PoisonRecordError(f"{field} is not a list: {str(value)[:90]!r}")
