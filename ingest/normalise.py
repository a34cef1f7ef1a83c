"""From what a source read to the records that travel.

Pure: equal input gives equal records, ids included. What a hostile transaction holds beyond the
bounds is cut and counted, so that every record can be encoded as long as the source kept its word
about the raw form.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Literal

import msgspec

from ingest.balances import with_held
from ingest.decode import Decoder
from ingest.deployments import deployments
from ingest.flows import flows
from ingest.frames import Frame, calls, normal_form, selector
from ingest.raw import RawBlock, RawLog, RawTransaction, RawWrite
from ingest.vast import vast
from ingest.watch import Watch
from schemas.chain import (
    MAX_CALLS,
    MAX_EVENTS,
    MAX_WRITES,
    Block,
    Event,
    Flow,
    Log,
    Retraction,
    Transaction,
    Write,
)
from schemas.ids import content_id

__all__ = ["block_record", "deployments", "events", "retraction", "transactions"]

Part = Literal["calls", "logs", "flows", "writes"]

MAX_LISTS = 8_000_000
"""Bytes that the lists of one transaction may take in JSON; a record may take 8,388,608."""
MAX_DATA = 8_000_000
"""Characters of a log's data that travel in its event; 60M gas pay for 7.8 million."""

_CALL, _FLOW, _WRITE, _CREATED, _LOG, _HELD = 330, 270, 260, 50, 300, 90
"""Bytes that an entry of each list takes at most, a log without its arguments; and what a movement
adds to them by what its sender held."""
_TOPICS, _ARGUMENT = 600, 8
"""Bytes that the arguments of a log take at most: for its topics, and for a character of data."""


def block_record(block: RawBlock) -> Block | None:
    """Return the record of a block, None for one whose hash and parent a file does not tell."""
    if not block.hash or not block.parent:
        return None
    return Block(
        id=content_id("block", block.chain, block.hash),
        chain=block.chain,
        number=block.number,
        hash=block.hash,
        parent=block.parent,
        timestamp=block.timestamp,
        transactions=len(block.transactions),
    )


def retraction(block: RawBlock) -> Retraction:
    """Return the record that a block left the chain."""
    return Retraction(
        id=content_id("retraction", block.chain, block.hash),
        chain=block.chain,
        number=block.number,
        hash=block.hash,
        parent=block.parent,
        timestamp=block.timestamp,
    )


def transactions(
    block: RawBlock, tx: RawTransaction, watch: Watch, decoder: Decoder
) -> list[Transaction]:
    """Return one record for each watched protocol that a transaction touched."""
    frames = None if tx.frames is None else normal_form(tx.frames)
    moved, moves_cut = flows(tx, frames, decoder)
    protocols = watch.touched(block.chain, _addresses(tx, moved))
    if not protocols:
        return []
    moved = with_held(moved, frames or ())
    called, calls_cut = calls(frames or ())
    written = tuple(map(_write, (tx.writes or ())[:MAX_WRITES]))
    writes_cut = len(tx.writes or ()) - len(written)
    created = _created(tx, frames or ())
    room = MAX_LISTS - len(called) * _CALL - len(moved) * _FLOW - len(written) * _WRITE
    room -= len(created) * _CREATED + sum(flow.held is not None for flow in moved) * _HELD
    logged = _logs(tx.logs or (), decoder, room)
    record = Transaction(
        id="",
        chain=block.chain,
        protocol="",
        block=block.number,
        block_hash=block.hash,
        timestamp=block.timestamp,
        index=tx.index,
        tx=tx.hash,
        seen=_seen(tx),
        sender=tx.sender,
        to=tx.to,
        value=_text(tx.value),
        selector=None if tx.input is None else selector(tx.input) if tx.to else "",
        ok=tx.ok,
        gas_used=_text(tx.gas_used),
        calls=called,
        logs=logged,
        flows=moved,
        writes=written,
        created=created,
        vast=vast(tx.input or "") if tx.to else (),
        cut=calls_cut + len(tx.logs or ()) - len(logged) + moves_cut + writes_cut,
    )
    place = _place(block, watch.case)
    return [
        msgspec.structs.replace(
            record,
            id=content_id("transaction", block.chain, protocol, place, tx.hash),
            protocol=protocol,
        )
        for protocol in protocols
    ]


def events(block: RawBlock, tx: RawTransaction, decoder: Decoder, watch: Watch) -> list[Event]:
    """Return a record for each log of a watched contract, one for each protocol that owns it.

    Of data longer than `MAX_DATA` its beginning travels.
    """
    place = _place(block, watch.case)
    found = []
    for log in tx.logs or ():
        protocols = watch.touched(block.chain, (log.contract,))
        event = decoder.decode_log(log.contract, log.topics, log.data) if protocols else None
        found += [
            Event(
                id=content_id("event", block.chain, protocol, place, tx.hash, log.log),
                chain=block.chain,
                block=block.number,
                block_hash=block.hash,
                timestamp=block.timestamp,
                tx=tx.hash,
                index=tx.index,
                log=log.log,
                contract=log.contract,
                protocol=protocol,
                name=event.name if event else "",
                arguments=event.arguments if event else {},
                topics=log.topics,
                data=log.data[:MAX_DATA],
            )
            for protocol in protocols
        ]
    return found


def _created(tx: RawTransaction, frames: Sequence[Frame]) -> tuple[str, ...]:
    made = [frame.to for frame in frames[:MAX_CALLS] if frame.born]
    return tuple(dict.fromkeys([tx.created, *made] if tx.created else made))


def _place(block: RawBlock, case: str) -> str:
    """Return what tells a block from all others, on every branch and in every recording."""
    return block.hash or f"file:{case}:{block.number}"


def _addresses(tx: RawTransaction, moved: Iterable[Flow]) -> Iterator[str]:
    yield tx.to or ""
    yield tx.created or ""
    for frame in tx.frames or ():
        yield frame.sender
        yield frame.to
    for flow in moved:
        yield flow.sender
        yield flow.to
    for place in (*(tx.logs or ()), *(tx.writes or ())):
        yield place.contract


def _seen(tx: RawTransaction) -> tuple[Part, ...]:
    """Name the lists that the source could see. Movements show in logs, frames and what a source
    derived; a transaction's own value alone does not tell what moved."""
    moves = not (tx.logs is None and tx.frames is None and tx.transfers is None)
    parts: tuple[tuple[Part, bool], ...] = (
        ("calls", tx.frames is not None),
        ("logs", tx.logs is not None),
        ("flows", moves),
        ("writes", tx.writes is not None),
    )
    return tuple(part for part, seen in parts if seen)


def _logs(logs: Sequence[RawLog], decoder: Decoder, room: int) -> tuple[Log, ...]:
    """Return as many decoded logs as fit into `room` bytes, and no more than `MAX_EVENTS`."""
    found = tuple(_log(log, decoder) for log in logs[:MAX_EVENTS])
    most = len(found) * (_LOG + _TOPICS) + _ARGUMENT * sum(len(log.data) for log in logs)
    if most <= room:
        return found
    sizes = (_LOG + len(msgspec.json.encode(log.arguments)) for log in found)
    return tuple(log for log, end in zip(found, accumulate(sizes), strict=True) if end <= room)


def _log(log: RawLog, decoder: Decoder) -> Log:
    event = decoder.decode_log(log.contract, log.topics, log.data)
    topic = log.topics[0] if log.topics else ""
    if event is None:
        return Log(log=log.log, contract=log.contract, topic=topic)
    return Log(
        log=log.log,
        contract=log.contract,
        topic="" if event.anonymous else topic,
        name=event.name,
        arguments=event.arguments,
    )


def _write(write: RawWrite) -> Write:
    return Write(contract=write.contract, slot=str(write.slot), value=str(write.value))


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
