"""Protocol histories: one JSON object per block, named by its number, `{tx: [calls, transfers]}`.

call = `[contract, selector or name, status, start, end, type, {contract: [access...]}]`, where an
access is `[sload or sstore, slot, value, pc]`, in newer files with the step of execution after it,
and transfer = `[token, from, to, amount]`. Only calls of the protocol's own contracts are recorded:
who sent the transaction, calldata beyond the selector, logs and times are not told. A transaction
of which nothing was recorded is still one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.files.fields import height
from ingest.files.recorded_calls import frames_of, nested, writes_of
from ingest.files.shape import Piece, Place, Shape
from ingest.files.unread import unread
from ingest.numbers import refused, whole
from ingest.raw import RawBlock, RawTransaction, RawTransfer
from runtime import hexadecimal
from schemas.errors import PoisonRecordError
from schemas.units import NATIVE

_HASH = re.compile("0x[0-9a-fA-F]{64}")


def _is_history(value: Any) -> bool:
    if not isinstance(value, Mapping) or not value:
        return False
    first = next(iter(value))
    return bool(_HASH.fullmatch(first)) and any(isinstance(told, list) for told in value.values())


def read_block(value: Any, place: Place) -> Iterator[Piece]:
    """Yield the block that the file is named after, then each of its transactions."""
    number = height(place.stem, "the file's name")
    yield RawBlock(place.chain, number, "", "", 0)
    for index, (tx, told) in enumerate(value.items()):
        try:
            yield RawBlock(place.chain, number, "", "", 0, [_transaction(tx, index, told)])
        except PoisonRecordError as error:
            yield unread(f"transaction {index}", error, {tx: told})


def _transaction(tx: str, index: int, told: Any) -> RawTransaction:
    # both an empty list and a list of two empty lists say that nothing was recorded
    calls, transfers = ([], []) if told == [] else _pair(told)
    recorded = nested(calls)
    frames = frames_of(recorded)
    found = RawTransaction(
        hash=hexadecimal.hash32(tx, "transaction"),
        index=index,
        frames=frames,
        writes=writes_of(recorded),
        transfers=[_transfer(transfer) for transfer in transfers],
    )
    if recorded and recorded[0].outermost:
        found.to, found.input, found.ok = frames[0].to, frames[0].input, frames[0].ok
    return found


def _pair(told: Any) -> tuple[list[Any], list[Any]]:
    if isinstance(told, list) and len(told) == 2 and all(isinstance(part, list) for part in told):
        return told[0], told[1]
    raise refused(told, "transaction", "a list of calls and one of transfers")


def _transfer(told: Any) -> RawTransfer:
    if not isinstance(told, list) or len(told) != 4:
        raise refused(told, "transfer", "a list of token, sender, receiver and amount")
    asset, sender, to, amount = told
    return RawTransfer(
        token=NATIVE if asset == "ether" else hexadecimal.address(asset, "token"),
        sender=hexadecimal.address(sender, "sender"),
        to=hexadecimal.address(to, "receiver"),
        amount=whole(amount, "amount"),
    )


SHAPES = (Shape("protocol history", _is_history, read_block, "folder"),)
