"""Joins what several records tell of the same blocks, whichever comes first.

A record may know a block by its number alone, a transaction by its position alone; it joins the
block or transaction that is known better. Of what is told twice, the first counts. A log or a call
tree told twice in different words is refused: one of the two is wrong, and nothing says which.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.files.call_trees import Row, frames_of_rows, tell_outermost
from ingest.files.items import Unreadable
from ingest.files.shape import TraceRow, Whole
from ingest.files.unread import unread
from ingest.raw import RawBlock, RawLog, RawTransaction
from schemas.errors import PoisonRecordError

MAX_RECORDS = 1_000_000
"""Records of one case, which is held in memory as a whole."""

_OWN = ("sender", "to", "value", "input", "ok", "gas_used", "created")
_NOT_TOLD = -1


@dataclass(slots=True)
class _Transaction:
    told: RawTransaction
    logs: dict[int, RawLog] | None = None
    transfers_from: str = ""
    rows: list[Row] = field(default_factory=list)
    rows_from: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    told: RawBlock
    file: str
    whole: set[Whole] = field(default_factory=set)
    transactions: list[_Transaction] = field(default_factory=list)
    by_hash: dict[str, _Transaction] = field(default_factory=dict)
    by_index: dict[int, _Transaction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A block with all that was told of it, or a call tree that does not hold together."""

    file: str
    body: RawBlock | Unreadable
    records: tuple[str, ...] = ()
    """Of a call tree: the file of each of its rows."""


class Assembly:
    """The blocks of one case."""

    def __init__(self) -> None:
        self._heights: dict[int, dict[str, _Block]] = {}
        self._records = 0

    def add(self, part: RawBlock | TraceRow, file: str, whole: Whole | None = None) -> None:
        """Take in what a record tells of a block; `whole` names the list that records of its kind
        tell for every transaction.

        Raises `PoisonRecordError` when it contradicts what is known, or the case is too large.
        """
        self._records += 1
        if self._records > MAX_RECORDS:
            raise PoisonRecordError(
                f"more than {MAX_RECORDS:,} records in one case: read its folders one by one"
            )
        told = part.block if isinstance(part, TraceRow) else part
        block = self._block(told, file)
        if whole is not None:
            block.whole.add(whole)
        for transaction in told.transactions:
            known = _known(block, transaction)
            _merge(known, transaction, file)
            if isinstance(part, TraceRow):
                known.rows.append(part.row)
                known.rows_from.append(file)

    def finish(self) -> Iterator[Assembled]:
        """Hand out the blocks in ascending order, their transactions by index, and forget them."""
        for height in sorted(self._heights):
            for block in self._heights.pop(height).values():
                yield from _finished(block)

    def _block(self, part: RawBlock, file: str) -> _Block:
        """Return the block this is about, by its hash or, where one of the two has none, by its
        number."""
        known = self._heights.setdefault(part.number, {})
        found = known.get(part.hash)
        if found is None:
            found = known.pop("", None) if part.hash else next(iter(known.values()), None)
        if found is None:
            found = _Block(RawBlock(part.chain, part.number, part.hash, "", 0), file)
        told = found.told
        told.hash = told.hash or part.hash
        told.parent = told.parent or part.parent
        told.timestamp = told.timestamp or part.timestamp
        known[told.hash] = found
        return found


def _known(block: _Block, told: RawTransaction) -> _Transaction:
    """Return the transaction this is about, added to the block if it is new."""
    found = block.by_hash.get(told.hash) if told.hash else None
    if found is None:
        placed = block.by_index.get(told.index)
        if placed is not None and not (placed.told.hash and told.hash):
            found = placed
    if found is None:
        found = _Transaction(RawTransaction(hash=told.hash, index=told.index))
        block.transactions.append(found)
    known = found.told
    known.hash = known.hash or told.hash
    if known.index == _NOT_TOLD:
        known.index = told.index
    if known.hash:
        block.by_hash.setdefault(known.hash, found)
    if known.index != _NOT_TOLD:
        block.by_index.setdefault(known.index, found)
    return found


def _merge(known: _Transaction, told: RawTransaction, file: str) -> None:
    ours = known.told
    if ours.frames is not None and told.frames not in (None, ours.frames):
        named = ours.hash or f"transaction {ours.index}"
        raise PoisonRecordError(f"the call tree of {named} is told twice, differently")
    if told.logs is not None:
        _merge_logs(known, told.logs)
    for name in _OWN:
        if getattr(ours, name) is None:
            setattr(ours, name, getattr(told, name))
    if ours.frames is None:
        ours.frames = told.frames
    if ours.writes is None:
        ours.writes = told.writes
    if told.transfers is not None:
        # transfers carry nothing by which one told twice could be found out
        known.transfers_from = known.transfers_from or file
        if known.transfers_from == file:
            ours.transfers = ours.transfers or []
            ours.transfers.extend(told.transfers)


def _merge_logs(known: _Transaction, told: list[RawLog]) -> None:
    logs = known.logs = known.logs or {}
    for log in told:
        if logs.setdefault(log.log, log) != log:
            raise PoisonRecordError(
                f"log {log.log} of {known.told.hash} is told twice, differently"
            )


def _finished(block: _Block) -> Iterator[Assembled]:
    told = block.told
    for transaction in block.transactions:
        reason = _complete(transaction, block.whole)
        if reason is not None:
            where = f"call tree of {transaction.told.hash or transaction.told.index}"
            broken = unread(where, reason, transaction.rows)
            yield Assembled(block.file, broken, tuple(transaction.rows_from))
    found = [transaction.told for transaction in block.transactions]
    _place(found)
    for known in found:
        known.hash = known.hash or f"{told.number}-{known.index}"
    told.transactions = sorted(found, key=lambda known: known.index)
    yield Assembled(block.file, told)


def _complete(transaction: _Transaction, whole: set[Whole]) -> PoisonRecordError | None:
    """Give a transaction its lists; returns why its call tree is left out, if it is."""
    told = transaction.told
    if transaction.logs is not None:
        told.logs = [transaction.logs[index] for index in sorted(transaction.logs)]
    elif "logs" in whole:
        told.logs = []
    if told.transfers is None and "transfers" in whole:
        told.transfers = []
    if transaction.rows and told.frames is None:
        try:
            told.frames = frames_of_rows(transaction.rows)
        except PoisonRecordError as error:
            return error
        tell_outermost(told)
    return None


def _place(transactions: list[RawTransaction]) -> None:
    """Give those whose position nothing told, or told of another too, the places after the others,
    by their logs."""
    taken: set[int] = set()
    for transaction in transactions:
        if transaction.index in taken:
            transaction.index = _NOT_TOLD
        taken.add(transaction.index)
    free = max((transaction.index for transaction in transactions), default=_NOT_TOLD) + 1
    unplaced = [transaction for transaction in transactions if transaction.index == _NOT_TOLD]
    unplaced.sort(key=lambda found: found.logs[0].log if found.logs else 0)
    for index, transaction in enumerate(unplaced, start=free):
        transaction.index = index
