"""Call trees of geth's callTracer: one transaction, or all of a block in their order.

A tree by itself names neither its transaction nor its block: the transaction goes by the file's
stem, be that its hash or not, the block is told as number 0 without a hash.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.files.call_trees import frames_of_tree, tell_outermost
from ingest.files.fields import Fields, height
from ingest.files.shape import Piece, Place, Shape, has
from ingest.files.unread import unread
from ingest.numbers import refused
from ingest.raw import RawBlock, RawTransaction
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

_KINDS = frozenset(
    ("CALL", "STATICCALL", "DELEGATECALL", "CALLCODE", "CREATE", "CREATE2", "SELFDESTRUCT")
)
_NUMBER = re.compile("(?<![0-9A-Za-z])(0x[0-9a-fA-F]{1,15}|0|[1-9][0-9]{0,17})(?![0-9A-Za-z])")
_HASH = re.compile("0x[0-9a-fA-F]{64}")


def _is_tree(value: Any) -> bool:
    if not isinstance(value, Mapping) or "from" not in value:
        return False
    kind = value.get("type")
    return isinstance(kind, str) and kind.upper() in _KINDS


def _is_traced(value: Any) -> bool:
    return isinstance(value, Mapping) and "jsonrpc" not in value and _is_tree(value.get("result"))


def _is_block(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and (_is_traced(value[0]) or _is_tree(value[0]))


def read_tree(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the transaction that the file is named after."""
    tx = place.stem.lower() if _HASH.fullmatch(place.stem) else place.stem
    yield _block(place, 0, _traced(value, tx, 0))


def read_block(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the transactions of a block whose number, if told at all, stands in the file's name."""
    named = _NUMBER.search(place.stem)
    yield from _read_trees(value, place, height(named[0], "the file's name") if named else 0)


def read_numbered(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the transactions of a block of ethereum-etl's geth traces."""
    fields = Fields(value, "block")
    trees = fields.raw("transaction_traces") or []
    if not isinstance(trees, list):
        raise refused(trees, "transaction_traces", "a list")
    number = fields.need(height, "block_number")
    yield RawBlock(chain=place.chain, number=number, hash="", parent="", timestamp=0)
    yield from _read_trees(trees, place, number)


def _read_trees(trees: list[Any], place: Place, number: int) -> Iterator[Piece]:
    for index, told in enumerate(trees):
        try:
            tx, tree = "", told
            if isinstance(told, Mapping) and "result" in told:
                tx = Fields(told, "trace").maybe(hexadecimal.hash32, "txHash") or ""
                tree = told["result"]
            yield _block(place, number, _traced(tree, tx, index))
        except PoisonRecordError as error:
            yield unread(f"transaction {index}", error, told)


def _traced(tree: Any, tx: str, index: int) -> RawTransaction:
    transaction = RawTransaction(hash=tx, index=index, frames=frames_of_tree(tree))
    tell_outermost(transaction)
    return transaction


def _block(place: Place, number: int, transaction: RawTransaction) -> RawBlock:
    return RawBlock(
        chain=place.chain,
        number=number,
        hash="",
        parent="",
        timestamp=0,
        transactions=[transaction],
    )


SHAPES = (
    Shape("call tree", _is_tree, read_tree),
    Shape("call trees of a block", _is_block, read_block, "folder"),
    Shape(
        "call trees of a numbered block",
        has("block_number", "transaction_traces"),
        read_numbered,
        "folder",
    ),
)
