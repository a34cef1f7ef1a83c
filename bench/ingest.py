"""From a node's word of a new block to its records on the topics: the ingest service as it is run.

Together with the way from there to the brake (`bench.brake`) this is the whole way. Each block
holds one transaction to a watched contract; the clock is the service's own, from the head that the
node announced to the record that was handed to the producer (the hops `received` and `published`):
fetching block and receipts, checking the receipts root, traces, decoding, and writing lie between.
"""

import time

from bench.latency import quantile
from bench.place import Place, quiet
from bench.report import Figure, Section
from bench.services import service, until
from runtime.broker import Partition
from runtime.kafka import KafkaBroker
from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.node import LocalNode, NodeOptions
from schemas.chain import Transaction
from schemas.codec import decode_from
from schemas.headers import hops
from schemas.topics import TOPICS, TRANSACTIONS

TITLE = "Block to chain topic"

BLOCKS = 200
APART = 0.1
"""Seconds between blocks."""

_PAUSED = "0x5c975abc"
"""paused(), which changes nothing."""


def measure(place: Place) -> Section:
    """Make blocks and see when their records were published."""
    space, count = place.space(), place.size(BLOCKS)
    broker = place.broker(space)
    broker.create(TOPICS.values())
    anvil = fetch.anvil(place.cache, quiet)
    with LocalNode(place.folder / "ingested", anvil, NodeOptions(mining=False)) as node:
        world = deploy(node, lambda name: fetch.npm_package(place.cache, name, quiet))
        world.write_manifest(place.folder / space.rstrip(".") / "protocols", "spot-oracle")
        process = service(place, space, "ingest", "evm", "--endpoint", str(node.ipc))
        sender = node.rpc("eth_accounts")[0]
        call = {"from": sender, "to": world.pool.address, "data": _PAUSED}
        taken: list[float] = []
        reader = _Reader(broker, taken)

        def first_block() -> bool:
            _block(node, call)
            time.sleep(0.5)
            return reader.look() > 0

        until(first_block, "the first block's records")
        taken.clear()
        for _ in range(count):
            _block(node, call)
            time.sleep(APART)
            reader.look()
        until(lambda: reader.look() >= count * 9 // 10, "the blocks' records")
        process.stop()
    taken.sort()
    note = f"{len(taken):,} blocks"
    return Section(
        TITLE,
        tuple(
            Figure(
                f"block heard of to record published, p{share * 100:g}",
                (quantile(taken, share),),
                "ms",
                note=note if share == 0.5 else "",
            )
            for share in (0.5, 0.99)
        ),
    )


def _block(node: LocalNode, call: dict[str, str]) -> None:
    node.rpc("eth_sendTransaction", call)
    node.rpc("evm_mine")


class _Reader:
    """Notes how long each transaction's record was on its way."""

    def __init__(self, broker: KafkaBroker, taken: list[float]) -> None:
        self._taken = taken
        self._consumer = broker.consumer()
        self._consumer.assign(
            {Partition(TRANSACTIONS.name, number): 0 for number in range(TRANSACTIONS.partitions)}
        )

    def look(self) -> int:
        """Read what is there; return how many transactions were noted in all."""
        for message in self._consumer.fetch(500, 0.05):
            if isinstance(decode_from(TRANSACTIONS, message.value or b""), Transaction):
                passed = hops(message.headers)
                self._taken.append((passed["published"] - passed["received"]) / 1e6)
        return len(self._taken)
