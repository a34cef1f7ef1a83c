"""What of a case's evidence proves itself: blocks computed again from the bytes that a node gave.

Needs the catalogue and the files alone. Whatever is wrong is named with the file that it is in.
What proves the blocks themselves is the hash of the last one, which any node or explorer shows.

Bounds, since a folder may come from anybody: files as large as a collection takes, twice as many
bytes in all, `MAX_FAULTS` told.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from forensics.cases.catalogue import Entry
from forensics.cases.recording import Bounds, read_answer
from forensics.cases.tied import (
    Table,
    bloom,
    header_fault,
    receipt_faults,
    root,
    shown,
    tables,
    transaction_faults,
)
from forensics.cases.transactions import quantity
from schemas.errors import ConfigurationError

MAX_FAULTS = 500
_FAULTS_EACH = 20
"""Of one file: a block in which everything is wrong does not hide the next one."""

_BLOCKS = ("eth_getBlockByNumber", "eth_getBlockByHash")
_ALONE = {"eth_getTransactionByHash": "transaction", "eth_getTransactionReceipt": "receipt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Blocks each of which names the one before as its parent."""

    first: int
    last: int
    tip: str
    """The last one's hash: what to ask a node or an explorer about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What was computed again."""

    counts: Counter[str]
    """How many headers, transactions, receipts and withdrawals follow from the bytes; `trusted`:
    answers that nothing here can prove (call trees, changes of state, balances, code)."""
    runs: tuple[Run, ...]
    faults: tuple[str, ...]
    """What does not follow, or could not be computed."""


def prove(entries: Iterable[Entry], load: Callable[[str], bytes]) -> Proofs:
    """Compute all blocks again. Raises `ConfigurationError` for a file that cannot be read."""
    check = _Check([entry for entry in entries if entry.outcome == "given"], load)
    check.all()
    more = check.told - len(check.faults)
    faults = (*check.faults, *([f"and {more:,} more"] if more else []))
    return Proofs(counts=check.counts, runs=tuple(_runs(check.headers)), faults=faults)


class _Check:
    """One pass over the answers; one block and what belongs to it is in memory at a time."""

    def __init__(self, entries: list[Entry], load: Callable[[str], bytes]) -> None:
        self._load = load
        self._left = 2 * Bounds().total_bytes
        self._blocks = [entry for entry in entries if entry.method in _BLOCKS]
        self._receipts = _by_first(e for e in entries if e.method == "eth_getBlockReceipts")
        self._alone = {
            method: _by_first(entry for entry in entries if entry.method == method)
            for method in _ALONE
        }
        self.headers: dict[str, tuple[int, str]] = {}
        """Number and parent by hash, of headers whose hash follows."""
        self._computed: dict[str, dict[str, str]] = {}
        """By block, what its receipts give: they are read once, whoever asked for the block."""
        known = (*_BLOCKS, "eth_getBlockReceipts", *_ALONE)
        trusted = sum(entry.method not in known for entry in entries)
        self.counts: Counter[str] = Counter(trusted=trusted)
        self.faults: list[str] = []
        self.told = 0

    def all(self) -> None:
        """Check every answer."""
        for entry in self._blocks:
            block = self._answer(entry)
            if isinstance(block, dict):
                self._block(entry, block)
            else:
                self._tell(entry, "no block")
        for entry in self._receipts.values():
            self._tell(entry, "the block of these receipts is not there")
        for method, found in self._alone.items():
            for entry in found.values():
                if self._answer(entry) is not None:
                    self._tell(entry, f"no block that is there holds this {_ALONE[method]}")

    def _block(self, entry: Entry, block: Table) -> None:
        field = "number" if entry.method == "eth_getBlockByNumber" else "hash"
        wanted = entry.parameters[0] if entry.parameters else None
        if block.get(field) != wanted:
            told = shown(block.get(field))
            self._tell(entry, f"{field} is {told}, asked for was {shown(wanted)}")
        known = {"number": str(wanted)} if field == "number" else {}
        transactions = tables(block.get("transactions"))
        if transactions is None:
            self._tell(entry, "transactions are no list of whole transactions")
        self._root(entry, block, "transactionsRoot", transactions, known)
        if block.get("withdrawalsRoot") is not None:
            self._root(entry, block, "withdrawalsRoot", tables(block.get("withdrawals")), known)
        self._tell(entry, *transaction_faults(block, transactions or []))
        self._transactions(block, transactions or [], known)
        fault = header_fault(block, known)
        if fault:
            self._tell(entry, fault)
            return
        self.counts["headers"] += 1
        self.headers[str(block["hash"])] = (
            quantity(block.get("number")),
            str(block.get("parentHash")),
        )

    def _transactions(self, block: Table, transactions: list[Table], known: dict[str, str]) -> None:
        """Check receipts, and what was asked for by itself, against their block."""
        name = str(block.get("hash"))
        entry = self._receipts.pop(name, None)
        given = self._computed.setdefault(name, {})
        if entry is not None:
            receipts = tables(self._answer(entry))
            if receipts is None:
                self._tell(entry, "no list of receipts")
            self._root(entry, block, "receiptsRoot", receipts, given)
            given["logsBloom"] = bloom(receipts or [])
            self._tell(entry, *receipt_faults(block, transactions, receipts or []))
            self._compare("eth_getTransactionReceipt", "transactionHash", receipts or [])
        known.update(given)
        self._compare("eth_getTransactionByHash", "hash", transactions)

    def _root(
        self,
        entry: Entry,
        block: Table,
        field: str,
        items: list[Table] | None,
        known: dict[str, str],
    ) -> None:
        if items is None:
            return
        known[field], why = root(field, items)
        if known[field] == block.get(field):
            self.counts[field.removesuffix("Root")] += len(items)
            return
        told = shown(block.get(field))
        self._tell(entry, why or f"{field} of these is {known[field]}, the header has {told}")

    def _compare(self, method: str, name: str, proven: list[Table]) -> None:
        for table in proven:
            entry = self._alone[method].pop(str(table.get(name)), None)
            answer = self._answer(entry) if entry is not None else None
            if entry is None or answer is None:
                continue
            if not isinstance(answer, dict):
                self._tell(entry, f"no {_ALONE[method]}")
                continue
            for key in answer:
                if answer[key] != table.get(key, answer[key]):
                    self._tell(entry, f"{shown(key)} is not what its block has")

    def _answer(self, entry: Entry) -> object:
        data = self._load(entry.response)
        self._left -= len(data)
        if self._left < 0:
            raise ConfigurationError("the evidence is larger than any that is collected")
        return read_answer(data)[2] if len(data) <= Bounds().answer_bytes else "too large"

    def _tell(self, entry: Entry, *faults: str) -> None:
        self.told += len(faults)
        room = max(0, MAX_FAULTS - len(self.faults))
        of_one = faults[: min(room, _FAULTS_EACH)]
        self.faults += [f"data/{shown(entry.response)}: {fault}" for fault in of_one]


def _by_first(entries: Iterable[Entry]) -> dict[str, Entry]:
    return {str(entry.parameters[0]): entry for entry in entries if entry.parameters}


def _runs(headers: dict[str, tuple[int, str]]) -> Iterator[Run]:
    """Yield the stretches of blocks that are tied by their parents, by where they begin."""
    parents = {parent for _, parent in headers.values()}
    for tip, (last, _) in sorted(headers.items(), key=lambda item: item[1]):
        if tip in parents:
            continue
        first, above = last, headers[tip][1]
        while above in headers:
            first, above = headers[above]
        yield Run(first=first, last=last, tip=tip)
