"""Writing the log: leaves with their tiles and names, and seals.

Guarantees: what returned survives a crash; leaves, tiles and names of a batch are written together
or not at all; a record has one leaf, however often it is delivered.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Connection, Engine, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from forensics.record import database, tiles
from forensics.record.leaf import Leaf
from forensics.record.log_reader import LogReader, Sealed
from forensics.record.merkle import HASH_BYTES
from forensics.record.tables import APART, LEAVES, NAMES, SEALS, TILES
from forensics.record.tiles import WIDTH, Tile
from runtime.broker import Partition

Rows = list[dict[str, Any]]


class LogWriter:
    """The one writer of a log."""

    @classmethod
    @contextmanager
    def open(cls, engine: Engine) -> Iterator[Self]:
        """Take the log, making or migrating it first, and let go of it at the end.

        Raises `ConfigurationError` while another process has it.
        """
        with database.sole_writer(engine) as connection:
            with database.errors_named(engine):
                database.migrate(connection)
                connection.commit()
            yield cls(engine, connection)

    def __init__(self, engine: Engine, connection: Connection) -> None:
        self._engine = engine
        self._connection = connection
        self.reader = LogReader(engine)
        self._look()

    def _look(self) -> None:
        self.frontier = tiles.frontier(self.reader.size(), self.reader.tile)
        self.ends = self.reader.ends()
        """Per partition the offset behind its newest leaf."""

    def append(self, leaves: Sequence[Leaf]) -> list[Leaf]:
        """Append those whose records have no leaf yet, in this order; return them."""
        start, new = self.frontier.size, list[Leaf]()
        grown: dict[tuple[int, int], list[bytes]] = defaultdict(list)
        for leaf in leaves:
            origin = Partition(leaf.topic, leaf.partition)
            if leaf.offset < self.ends.get(origin, 0):
                continue
            place = self.frontier.size
            for height, node in self.frontier.append(leaf.hash):
                grown[height >> 3, (place >> height) // WIDTH].append(node)
            self.ends[origin] = leaf.offset + 1
            new.append(leaf)
        if not new:
            return new
        try:
            with self._written() as connection:
                connection.execute(insert(LEAVES), list(_leaf_rows(new, start)))
                self._grow(connection, grown)
                self._put(connection, NAMES, list(_name_rows(new, start)))
                self._put(connection, APART, list(_apart_rows(new)))
        except BaseException:
            self._look()  # nothing of the batch is there
            raise
        return new

    def seal(self, sealed: Sealed) -> None:
        """Write down a checkpoint that everyone can have."""
        with self._written() as connection:
            connection.execute(insert(SEALS).values(sealed._asdict()))

    def drop_unsealed(self) -> int:
        """Take off the leaves that no checkpoint covers yet: nobody was told of them. Return how
        many there were."""
        newest = self.reader.newest_seal()
        size = newest.size if newest else 0
        dropped = self.frontier.size - size
        with self._written() as connection:
            connection.execute(delete(LEAVES).where(LEAVES.c.position >= size))
            connection.execute(delete(NAMES).where(NAMES.c.position >= size))
            self._cut(connection, size)
        self._look()
        return dropped

    def _cut(self, connection: Connection, size: int) -> None:
        """Take off what tiles have beyond the tree of `size` leaves."""
        for level in range(tiles.LEVELS):
            number = size >> 8 * (level + 1)
            last = (TILES.c.level == level) & (TILES.c.number == number)
            beyond = (TILES.c.level == level) & (TILES.c.number > number)
            connection.execute(delete(TILES).where(beyond))
            width = tiles.width_in(size, level, number)
            kept = connection.scalar(select(TILES.c.hashes).where(last)) if width else None
            connection.execute(delete(TILES).where(last))
            if kept is not None:
                row = {"level": level, "number": number, "hashes": kept[: width * HASH_BYTES]}
                connection.execute(insert(TILES).values(row))

    def _grow(
        self, connection: Connection, grown: Mapping[tuple[int, int], Sequence[bytes]]
    ) -> None:
        """Add hashes to tiles; full ones never change again."""
        rows = []
        for (level, number), nodes in grown.items():
            width = tiles.width_in(self.frontier.size, level, number) - len(nodes)
            before = self.reader.tile(Tile(level, number, width)) if width else b""
            rows.append({"level": level, "number": number, "hashes": before + b"".join(nodes)})
        statement = self._insert(TILES)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["level", "number"],
                set_={"hashes": statement.excluded.hashes},
            ),
            rows,
        )

    def _put(self, connection: Connection, table: Table, rows: Rows) -> None:
        if rows:
            connection.execute(self._insert(table).on_conflict_do_nothing(), rows)

    def _insert(self, table: Table) -> Any:
        dialect: Any = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        return dialect.insert(table)

    @contextmanager
    def _written(self) -> Iterator[Connection]:
        with database.errors_named(self._engine), self._connection.begin():
            yield self._connection


def _leaf_rows(leaves: Sequence[Leaf], start: int) -> Iterator[dict[str, Any]]:
    for position, leaf in enumerate(leaves, start):
        yield {
            "position": position,
            "hash": leaf.hash,
            "topic": leaf.topic,
            "partition": leaf.partition,
            "offset": leaf.offset,
            "kind": leaf.kind,
            "entry": leaf.entry,
        }


def _name_rows(leaves: Sequence[Leaf], start: int) -> Iterator[dict[str, Any]]:
    for position, leaf in enumerate(leaves, start):
        for name in leaf.names:
            yield {"name": name, "position": position}


def _apart_rows(leaves: Sequence[Leaf]) -> Iterator[dict[str, Any]]:
    kept = {digest: data for leaf in leaves for digest, data in leaf.apart}
    for digest, data in kept.items():
        yield {"sha256": digest, "bytes": data}
