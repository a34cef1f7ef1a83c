"""A small chain for tests: blocks with every kind of record, a node that has them, a broker that
loses what was on its way when its producer dies."""

from collections import defaultdict
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random

from ingest.lens import Lenses
from ingest.raw import RawBlock, RawFrame, RawLog, RawTransaction
from ingest.resume import reference
from runtime.broker import Offsets, Partition, Producer
from runtime.memory import MemoryBroker
from schemas.headers import Headers
from schemas.manifest import Contract, Manifest
from schemas.operations import BlockRef
from schemas.topics import TOPICS

CHAIN = "eip155:31337"
POOL, VAULT, USER = ("0x" + pair * 20 for pair in ("11", "22", "aa"))
MANIFESTS = [
    Manifest(protocol=name, chain=CHAIN, contracts=(Contract(address=address, role="pool"),))
    for name, address in (("meadow", POOL), ("cellar", VAULT))
]


def lenses() -> Lenses:
    return Lenses(MANIFESTS, Path())


def digest(*parts: object) -> str:
    return "0x" + sha256(repr(parts).encode()).hexdigest()


def block_hash(number: int, branch: str) -> str:
    return digest("block", number, branch)


def raw_block(number: int, branch: str, parent_branch: str) -> RawBlock:
    """One transaction touches both protocols and creates a contract, one touches none."""
    name = digest("tx", number, branch)
    created = "0x" + digest("contract", number, branch)[26:]
    busy = RawTransaction(
        hash=name,
        index=0,
        sender=USER,
        to=POOL,
        value=0,
        input="0x",
        ok=True,
        gas_used=21_000,
        logs=[
            RawLog(contract, (digest("event"),), "0x", index)
            for index, contract in enumerate((POOL, VAULT, POOL))
        ],
        frames=[
            RawFrame(0, "call", USER, POOL, 0, "0x", "0x", ok=True),
            RawFrame(1, "create", POOL, created, 0, "0x60", "0x6001", ok=True),
        ],
    )
    idle = RawTransaction(hash=digest("idle", number, branch), index=1, sender=USER, to=USER)
    return RawBlock(
        CHAIN,
        number,
        block_hash(number, branch),
        block_hash(number - 1, parent_branch),
        number,
        [busy, idle],
    )


class ModelNode:
    """Serves a chain given by the name of each block's branch, from height 0 on."""

    def __init__(self, branches: str) -> None:
        self.blocks: list[RawBlock] = []
        self.show(branches)

    def show(self, branches: str) -> None:
        """Let this be the node's chain from now on; orphans are forgotten."""
        parents = branches[:1] + branches
        self.blocks = [raw_block(n, b, parents[n]) for n, b in enumerate(branches)]

    async def latest(self) -> BlockRef:
        return reference(self.blocks[-1])

    async def header(self, number: int, block_hash: str) -> BlockRef | None:
        found = await self.header_at(number)
        return found if found is not None and found.hash == block_hash else None

    async def header_at(self, number: int) -> BlockRef | None:
        return reference(self.blocks[number]) if number < len(self.blocks) else None

    async def block(self, header: BlockRef) -> RawBlock | None:
        found = await self.header(header.number, header.hash)
        return None if found is None else self.blocks[header.number]


class Crash(BaseException):
    """The process was killed."""


Queued = tuple[bytes | None, bytes | None, Headers]
"""Value, key and headers."""


class LossyProducer:
    """Dies at its `fatal`-th call. Of what was not flushed then, each partition has got the first
    few records, as many as chance will have it."""

    def __init__(self, producer: Producer, chance: Random, fatal: int) -> None:
        self._producer = producer
        self._chance = chance
        self._left = fatal
        self._queued: dict[Partition, list[Queued]] = defaultdict(list)

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        self._live()
        self._queued[Partition(topic, partition or 0)].append((value, key, headers))

    def waiting(self) -> int:
        return sum(len(records) for records in self._queued.values())

    def flush(self) -> Offsets:
        self._live()
        self._write(all_of_it=True)
        return self._producer.flush()

    def close(self) -> None:
        self.flush()

    def _live(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._write(all_of_it=False)
            raise Crash

    def _write(self, *, all_of_it: bool) -> None:
        for where, records in self._queued.items():
            count = len(records) if all_of_it else self._chance.randint(0, len(records))
            for value, key, beside in records[:count]:
                self._producer.send(
                    where.topic, value, key=key, headers=beside, partition=where.number
                )
        self._queued.clear()


def topics() -> MemoryBroker:
    """Fewer partitions than in earnest: each costs its share of a test's time."""
    broker = MemoryBroker()
    broker.create(replace(spec, partitions=min(3, spec.partitions)) for spec in TOPICS.values())
    return broker
