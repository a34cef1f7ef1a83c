"""Walks through the blocks of a case once, follows what was stolen, and keeps what it saw.

A block is asked for by its number and must name the one before as its parent; its receipts are
asked for by its hash. Call trees are asked for only of transactions that may move stolen units.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from forensics.cases.asking import Evidence, NotGivenError
from forensics.cases.transactions import Transaction, quantity, read_transaction

CALL_TREE = {"tracer": "callTracer"}

_WHOLE = True


class Scan:
    """Reads one block after the other."""

    def __init__(self, evidence: Evidence, gap: Callable[[str], None]) -> None:
        """`gap` is told what could not be seen, in words."""
        self._evidence = evidence
        self._gap = gap
        self._parent = ""

    def blocks(self, first: int, last: int) -> Iterator[list[Transaction]]:
        """Yield the transactions of each block, without call trees; ends at the first block that is
        not given or does not continue the one before."""
        for number in range(first, last + 1):
            try:
                block = _table(self._evidence.ask("eth_getBlockByNumber", hex(number), _WHOLE))
                if self._parent and block.get("parentHash") != self._parent:
                    self._gap(
                        f"block {number} does not continue block {number - 1}: the chain was "
                        f"reorganised while it was read; collect again"
                    )
                    return
                self._parent = str(block.get("hash"))
                receipts = self._evidence.ask("eth_getBlockReceipts", self._parent)
            except NotGivenError as error:
                self._gap(f"followed to block {number - 1} only: {error}")
                return
            yield list(_transactions(block, receipts))

    def traced(self, tx: Transaction, timestamp: int) -> Transaction:
        """Return the transaction with what its call tree shows, itself when none is given."""
        try:
            envelope = _table(self._evidence.ask("eth_getTransactionByHash", tx.hash))
            receipt = _table(self._evidence.ask("eth_getTransactionReceipt", tx.hash))
            tree = self._evidence.ask("debug_traceTransaction", tx.hash, CALL_TREE)
        except NotGivenError as error:
            self._gap(
                "call trees were not given for some transactions: coin that contracts passed on "
                f"in them was not seen ({error})"
            )
            return tx
        return read_transaction(envelope, receipt, timestamp, tree)


def _transactions(block: Mapping[str, Any], receipts: Any) -> Iterator[Transaction]:
    by_hash = {
        str(receipt.get("transactionHash")): receipt
        for receipt in (receipts if isinstance(receipts, list) else ())
        if isinstance(receipt, Mapping)
    }
    listed = block.get("transactions")
    for envelope in listed if isinstance(listed, list) else ():
        if isinstance(envelope, Mapping) and str(envelope.get("hash")) in by_hash:
            receipt = by_hash[str(envelope.get("hash"))]
            yield read_transaction(envelope, receipt, quantity(block.get("timestamp")))


def _table(answer: Any) -> Mapping[str, Any]:
    if isinstance(answer, Mapping):
        return answer
    raise NotGivenError("the node answers with nothing")
