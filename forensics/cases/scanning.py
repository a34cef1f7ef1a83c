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
        self._block: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        """Envelope and receipt of the present block's transactions, by hash."""

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
            self._block = dict(_listed(block, receipts))
            at = quantity(block.get("timestamp"))
            yield [read_transaction(*found, at) for found in self._block.values()]

    def traced(self, tx: Transaction) -> Transaction:
        """Return a transaction of the present block with what its call tree shows, itself when none
        is given."""
        try:
            tree = self._evidence.ask("debug_traceTransaction", tx.hash, CALL_TREE)
        except NotGivenError as error:
            self._gap(
                "call trees were not given for some transactions: coin that contracts passed on "
                f"in them was not seen ({error})"
            )
            return tx
        return read_transaction(*self._block[tx.hash], tx.timestamp, tree)


def _listed(
    block: Mapping[str, Any], receipts: Any
) -> Iterator[tuple[str, tuple[Mapping[str, Any], Mapping[str, Any]]]]:
    """Yield hash, envelope and receipt of each transaction that has both."""
    by_hash = {
        str(receipt.get("transactionHash")): receipt
        for receipt in (receipts if isinstance(receipts, list) else ())
        if isinstance(receipt, Mapping)
    }
    envelopes = block.get("transactions")
    for envelope in envelopes if isinstance(envelopes, list) else ():
        name = str(envelope.get("hash")) if isinstance(envelope, Mapping) else ""
        if name in by_hash:
            yield name.lower(), (envelope, by_hash[name])


def _table(answer: Any) -> Mapping[str, Any]:
    if isinstance(answer, Mapping):
        return answer
    raise NotGivenError("the node answers with nothing")
