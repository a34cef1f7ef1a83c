"""Reading the log: leaves, tiles, seals and anchors."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Engine, Select, func, select

from forensics.record import tiles
from forensics.record.database import errors_named, require_current
from forensics.record.merkle import HASH_BYTES
from forensics.record.tables import ANCHORS, APART, LEAVES, NAMES, SEALS, TILES
from forensics.record.tiles import WIDTH, Tile
from runtime.broker import Partition
from schemas.errors import UnsafeToContinueError

MOST_FOUND = 1000
"""Leaves that a name leads to, at most: an incident's, an action's."""


class Kept(NamedTuple):
    """A leaf as it is kept; `entry` is None where only its hash is left."""

    position: int
    hash: bytes
    topic: str
    partition: int
    offset: int
    kind: str
    entry: bytes | None


class Sealed(NamedTuple):
    """A checkpoint that was signed and told to everyone."""

    size: int
    root: bytes
    note: str
    brake: bool
    """Whether one of `sealing.BRAKE_STEPS` is among the leaves that it is the first to cover,
    whoever signed that."""


class Anchored(NamedTuple):
    """A root as a chain has it."""

    size: int
    root: bytes
    chain: str
    contract: str
    tx: str
    block: int

    def shown(self) -> dict[str, Any]:
        """Return it for JSON."""
        return self._asdict() | {"root": self.root.hex()}


class LogReader:
    """One log, as far as it is written. Raises as `database.errors_named` does."""

    def __init__(self, engine: Engine) -> None:
        """Raises `ConfigurationError` when there is no log of this version."""
        require_current(engine)
        self.engine = engine

    def size(self) -> int:
        """Return how many leaves there are, sealed or not."""
        return int(self._one(select(func.max(LEAVES.c.position)), -1)) + 1

    def ends(self) -> dict[Partition, int]:
        """Return, per partition that has leaves, the offset behind its newest one."""
        query = select(LEAVES.c.topic, LEAVES.c.partition, func.max(LEAVES.c.offset)).group_by(
            LEAVES.c.topic, LEAVES.c.partition
        )
        return {Partition(topic, number): int(at) + 1 for topic, number, at in self._all(query)}

    def starts(self) -> dict[Partition, int]:
        """Return, per partition that has leaves, the offset of its oldest one."""
        query = select(LEAVES.c.topic, LEAVES.c.partition, func.min(LEAVES.c.offset)).group_by(
            LEAVES.c.topic, LEAVES.c.partition
        )
        return {Partition(topic, number): int(at) for topic, number, at in self._all(query)}

    def of(self, partition: Partition, start: int, most: int) -> list[Kept]:
        """Return so many leaves of a partition's records from an offset on, in their order."""
        query = select(LEAVES).where(
            LEAVES.c.topic == partition.topic,
            LEAVES.c.partition == partition.number,
            LEAVES.c.offset >= start,
        )
        return [Kept(*row) for row in self._all(query.order_by(LEAVES.c.offset).limit(most))]

    def count(self, partition: Partition, end: int) -> int:
        """Return how many leaves there are of a partition's records before this offset."""
        query = select(func.count()).where(
            LEAVES.c.topic == partition.topic,
            LEAVES.c.partition == partition.number,
            LEAVES.c.offset < end,
        )
        return int(self._one(query, 0))

    def leaf(self, position: int) -> Kept:
        """Return one leaf. Raises `LookupError` for one that there is not."""
        found = self._all(select(LEAVES).where(LEAVES.c.position == position))
        if not found:
            raise LookupError(f"there is no leaf {position}")
        return Kept(*found[0])

    def leaves(self, start: int, stop: int) -> Iterator[Kept]:
        """Give the leaves of a range in their order, as many as there are."""
        query = select(LEAVES).where(LEAVES.c.position >= start, LEAVES.c.position < stop)
        with self._streamed(query.order_by(LEAVES.c.position)) as result:
            for row in result:
                yield Kept(*row)

    def of_kind(self, kind: str, start: int, stop: int) -> Generator[tuple[int, bytes]]:
        """Give the leaves of a kind in a range in their order: place and entry, if it is kept."""
        query = select(LEAVES.c.position, LEAVES.c.entry).where(
            LEAVES.c.kind == kind, LEAVES.c.position >= start, LEAVES.c.position < stop
        )
        with self._streamed(query.order_by(LEAVES.c.position)) as result:
            for position, entry in result:
                if entry is not None:
                    yield int(position), bytes(entry)

    def rows(self, stop: int) -> Generator[Sequence[Any]]:
        """Give the leaves before `stop` in their order, as rows of `Kept`'s fields: for those who
        read all of them, as many at a time as a tile has hashes."""
        query = select(LEAVES).where(LEAVES.c.position < stop).order_by(LEAVES.c.position)
        with self._streamed(query) as result:
            yield from result.partitions(WIDTH)

    def bottom_tiles(self) -> Generator[tuple[int, bytes]]:
        """Give the tiles of leaf hashes: number and hashes."""
        query = select(TILES.c.number, TILES.c.hashes).where(TILES.c.level == 0)
        with self._streamed(query.order_by(TILES.c.number)) as result:
            for number, hashes in result:
                yield int(number), bytes(hashes)

    def names(self) -> Generator[tuple[bytes, int]]:
        """Give all of the index: each id with the place of a leaf that holds it, by places."""
        query = select(NAMES.c.name, NAMES.c.position).order_by(NAMES.c.position, NAMES.c.name)
        with self._streamed(query) as result:
            for name, position in result:
                yield bytes(name), int(position)

    def named(self, name: bytes) -> list[int]:
        """Return where the leaves stand whose records hold this id, oldest first."""
        query = select(NAMES.c.position).where(NAMES.c.name == name)
        found = self._all(query.order_by(NAMES.c.position).limit(MOST_FOUND))
        return [int(row[0]) for row in found]

    def apart(self, digest: str) -> bytes | None:
        """Return the bytes that are kept apart under this SHA-256, in hexadecimal."""
        found = self._all(select(APART.c.bytes).where(APART.c.sha256 == bytes.fromhex(digest)))
        return bytes(found[0][0]) if found else None

    def all_apart(self) -> Iterator[tuple[bytes, bytes]]:
        """Give all that is kept apart: SHA-256 and bytes."""
        with self._streamed(select(APART)) as result:
            for digest, data in result:
                yield bytes(digest), bytes(data)

    def tile(self, tile: Tile) -> bytes:
        """Return a tile's hashes, as many as its width.

        Raises `UnsafeToContinueError` when they are not there: the log is damaged.
        """
        query = select(TILES.c.hashes).where(
            TILES.c.level == tile.level, TILES.c.number == tile.number
        )
        found = self._all(query)
        hashes = bytes(found[0][0]) if found else b""
        if len(hashes) < tile.width * HASH_BYTES:
            raise UnsafeToContinueError(
                f"tile {tile.level}/{tiles.place(tile.number)} has {len(hashes) // HASH_BYTES} of "
                f"{tile.width} hashes: `firebreak audit verify` says what else is missing"
            )
        return hashes[: tile.width * HASH_BYTES]

    def newest_seal(self) -> Sealed | None:
        """Return the newest checkpoint."""
        return self._seal(select(SEALS).order_by(SEALS.c.size.desc()).limit(1))

    def seal_above(self, size: int) -> Sealed | None:
        """Return the first checkpoint of more than `size` leaves."""
        query = select(SEALS).where(SEALS.c.size > size)
        return self._seal(query.order_by(SEALS.c.size).limit(1))

    def seal_of(self, size: int) -> Sealed | None:
        """Return the checkpoint of exactly so many leaves."""
        return self._seal(select(SEALS).where(SEALS.c.size == size))

    def seals(self) -> Generator[Sealed]:
        """Give every checkpoint, the smallest first."""
        with self._streamed(select(SEALS).order_by(SEALS.c.size)) as result:
            for row in result:
                yield Sealed(*row)

    def anchors(self) -> list[Anchored]:
        """Return every root that is on a chain, the smallest first."""
        return [Anchored(*row) for row in self._all(select(ANCHORS).order_by(ANCHORS.c.size))]

    def anchor_above(self, size: int) -> Anchored | None:
        """Return the first anchored root of more than `size` leaves."""
        query = select(ANCHORS).where(ANCHORS.c.size > size).order_by(ANCHORS.c.size).limit(1)
        found = self._all(query)
        return Anchored(*found[0]) if found else None

    @contextmanager
    def _streamed(self, query: Select[Any]) -> Iterator[Any]:
        """Ask for more than memory should hold."""
        with errors_named(self.engine), self.engine.connect() as connection:
            options = connection.execution_options(stream_results=True, max_row_buffer=WIDTH)
            with options.execute(query) as result:
                yield result

    def _seal(self, query: Select[Any]) -> Sealed | None:
        found = self._all(query)
        return Sealed(*found[0]) if found else None

    def _all(self, query: Select[Any]) -> list[Any]:
        with errors_named(self.engine), self.engine.connect() as connection:
            return list(connection.execute(query).all())

    def _one(self, query: Select[Any], default: Any) -> Any:
        found = self._all(query)[0][0]
        return default if found is None else found
