"""One block's answers held against its own header: which roots and fields follow from which bytes.

A header's hash ties number, parent, time and the roots over transactions, receipts and withdrawals.
What a root does not cover and the analysis reads all the same (names, senders, indices, fees) is
computed from what it covers. Pure; hostile content is named, never believed and never raised.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from forensics.cases.transactions import quantity
from runtime.consensus.headers import header_hash, withdrawals_root
from runtime.consensus.receipts import logs_bloom, receipts_root
from runtime.consensus.transactions import created, sender, transaction_hash, transactions_root
from schemas.errors import PoisonRecordError

MAX_TRANSACTIONS = 50_000
"""Of one block; the largest that were ever mined have a few thousand."""

Table = Mapping[str, Any]

_ROOTS: Mapping[str, Callable[[Sequence[Table]], bytes]] = {
    "transactionsRoot": transactions_root,
    "receiptsRoot": receipts_root,
    "withdrawalsRoot": withdrawals_root,
}


def computed_hash(block: Table) -> str:
    """Return a header's hash, '' when a field cannot be read."""
    try:
        return "0x" + header_hash(block).hex()
    except PoisonRecordError:
        return ""


def header_fault(block: Table, known: Table) -> str:
    """Say what is wrong with a header, '' when its hash follows from it.

    `known`: fields that were told or computed elsewhere; if one of them makes the hash right, it is
    the field that was changed.
    """
    stated = block.get("hash")
    try:
        found = "0x" + header_hash(block).hex()
    except PoisonRecordError as error:
        return f"the hash cannot be computed: {error}"
    if found == stated:
        return ""
    for field, value in known.items():
        if computed_hash({**block, field: value}) == stated:
            return f"{field} is {shown(block.get(field))}, with {value} the hash would be right"
    return f"the header gives the hash {found}, not {shown(stated)}"


def root(name: str, items: Sequence[Table]) -> tuple[str, str]:
    """Return a root, and why it cannot be computed."""
    try:
        return "0x" + _ROOTS[name](items).hex(), ""
    except PoisonRecordError as error:
        return "", f"{name} cannot be computed: {error}"


def transaction_faults(block: Table, transactions: Sequence[Table]) -> Iterator[str]:
    """Name each transaction that is not what its own fields say."""
    for index, transaction in enumerate(transactions):
        for field, value in _of_transaction(block, index, transaction):
            if transaction.get(field) != value:
                told = shown(transaction.get(field))
                yield f"transaction {index}: {field} is {told}, must be {value}"


def receipt_faults(
    block: Table, transactions: Sequence[Table], receipts: Sequence[Table]
) -> Iterator[str]:
    """Name each receipt that is not its transaction's, or contradicts itself."""
    if len(receipts) != len(transactions):
        yield f"{len(receipts)} receipts of {len(transactions)} transactions"
    used, logged = 0, 0
    for index, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=False)):
        for field, value in _of_receipt(block, index, transaction, receipt, used):
            if receipt.get(field, value) != value:
                told = shown(receipt.get(field))
                yield f"receipt {index}: {field} is {told}, must be {value}"
        used = quantity(receipt.get("cumulativeGasUsed"))
        for log in tables(receipt.get("logs")) or []:
            for field, value in _of_log(receipt, logged):
                if log.get(field, value) != value:
                    told = shown(log.get(field))
                    yield f"receipt {index}, log {logged}: {field} is {told}, must be {value}"
            logged += 1


def bloom(receipts: Sequence[Table]) -> str:
    """Return the bloom over all logs of a block, '' when they cannot be read."""
    try:
        logs = [log for receipt in receipts for log in receipt.get("logs") or []]
        return "0x" + logs_bloom(logs).hex()
    except (PoisonRecordError, AttributeError, TypeError):
        return ""


def tables(value: Any) -> list[Table] | None:
    """Return a list of tables that is not too long, None for anything else."""
    if not isinstance(value, list) or len(value) > MAX_TRANSACTIONS:
        return None
    return value if all(isinstance(item, Mapping) for item in value) else None


def shown(value: Any) -> str:
    """Return a value of anybody's as short, harmless text."""
    return "".join(c for c in str(value)[:90] if c.isprintable())


def _of_transaction(block: Table, index: int, transaction: Table) -> Iterator[tuple[str, Any]]:
    """Yield what fields of a transaction must be."""
    yield from _place(block, index)
    typed = transaction.get("type", "0x0") != "0x0"
    if typed and None not in (transaction.get("yParity"), transaction.get("v")):
        yield "v", transaction["yParity"]
    try:
        yield "hash", "0x" + transaction_hash(transaction).hex()
        yield "from", sender(transaction)
    except PoisonRecordError as error:
        yield "signature", f"one that can be read ({error})"


def _of_receipt(
    block: Table, index: int, transaction: Table, receipt: Table, used: int
) -> Iterator[tuple[str, Any]]:
    yield from _place(block, index)
    yield "transactionHash", transaction.get("hash")
    yield "from", transaction.get("from")
    yield "to", transaction.get("to")
    yield "type", transaction.get("type", receipt.get("type"))
    yield "gasUsed", hex(max(0, quantity(receipt.get("cumulativeGasUsed")) - used))
    yield "effectiveGasPrice", hex(_price(block, transaction))
    yield "logsBloom", bloom([receipt]) or "that of logs that can be read"
    if transaction.get("to") is not None:
        yield "contractAddress", None
    else:
        try:
            yield "contractAddress", created(transaction)
        except PoisonRecordError:  # told with the transaction already
            return


def _of_log(receipt: Table, index: int) -> Iterator[tuple[str, Any]]:
    for name in ("blockHash", "blockNumber", "transactionHash", "transactionIndex"):
        yield name, receipt.get(name)
    yield "logIndex", hex(index)
    yield "removed", False


def _place(block: Table, index: int) -> Iterator[tuple[str, Any]]:
    yield "blockHash", block.get("hash")
    yield "blockNumber", block.get("number")
    yield "transactionIndex", hex(index)


def _price(block: Table, transaction: Table) -> int:
    """Return what a transaction pays for gas (EIP-1559)."""
    most = transaction.get("maxFeePerGas")
    if most is None:
        return quantity(transaction.get("gasPrice"))
    tip = quantity(transaction.get("maxPriorityFeePerGas"))
    return min(quantity(most), quantity(block.get("baseFeePerGas")) + tip)
