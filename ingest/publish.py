"""From a block to records on topics.

What one score needs lies in one partition and in order: a contract that a transaction created comes
before the transaction, both under the key of the protocol that it touched. Transactions go out
before events, for the way to the brake leads through them.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

import msgspec

from ingest import normalise
from ingest.lens import Lens
from ingest.posts import Post
from ingest.raw import RawBlock, RawTransaction
from ingest.watch import Watch
from runtime.broker import Message
from runtime.logs import logger
from schemas.chain import Price
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import DEPLOYMENTS, EVENTS, MAX_RECORD_BYTES, PRICES, TRANSACTIONS

_log = logger(__name__)


def publish_block(block: RawBlock, lens: Lens, post: Post) -> None:
    """Post the records of a block.

    A transaction that no record can be made of goes to the dead letters, and the block goes on:
    what a stranger wrote must not stop the chain.
    """
    watched: list[tuple[RawTransaction, Watch]] = []
    for raw in block.transactions:
        with _contained(block, raw, post):
            watched.append((raw, _publish_transaction(block, raw, lens, post)))
    for raw, watch in watched:
        with _contained(block, raw, post):
            for event in normalise.events(block, raw, lens.decoder, watch):
                post.send(EVENTS, event.contract, event)


def _publish_transaction(block: RawBlock, raw: RawTransaction, lens: Lens, post: Post) -> Watch:
    """Post all of a transaction but for its events; return what it was looked at with."""
    watch = lens.watch
    seen = normalise.transactions(block, raw, watch, lens.decoder)
    if not seen and lens.otherwise is not None:
        watch = lens.otherwise
        seen = normalise.transactions(block, raw, watch, lens.decoder)
    born = normalise.deployments(block, raw)
    memory = lens.preparation
    posture = memory.of(raw.sender, block.timestamp) if memory is not None else None
    for deployment in born:
        deployed = msgspec.structs.replace(deployment, posture=posture)
        for record in seen:
            post.send(TRANSACTIONS, record.protocol, deployed)
        post.send(DEPLOYMENTS, block.chain, deployed)
    for record in seen:
        post.send(TRANSACTIONS, record.protocol, msgspec.structs.replace(record, posture=posture))
    if memory is not None:
        memory.observe(block, raw, born, touched=bool(seen))
    return watch


def publish_price(price: Price, markets: Mapping[str, Collection[str]], post: Post) -> None:
    """Post a price, also to the protocols that named its market (`Lenses.markets`)."""
    for protocol in markets.get(price.market, ()):
        post.send(TRANSACTIONS, protocol, price)
    post.send(PRICES, price.market, price)


@contextmanager
def _contained(block: RawBlock, raw: RawTransaction, post: Post) -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, TransientError, UnsafeToContinueError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not become an off switch
        reason = f"{type(error).__name__}: {error}"
        _log.error("transaction_refused", tx=raw.hash, reason=reason)
        content = json.dumps(asdict(raw)).encode()[:MAX_RECORD_BYTES]
        where = (("block", block.hash.encode()),)
        name = raw.hash.encode()
        post.reject(Message(block.chain, 0, block.number, name, content, where), reason)
