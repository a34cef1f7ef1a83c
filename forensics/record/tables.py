"""The log's tables, the same in PostgreSQL and SQLite."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

_LONG = BigInteger().with_variant(Integer, "sqlite")
"""SQLite's integers hold 64 bits, and only a column of that very name can be its row's number."""

LEAVES = Table(
    "leaves",
    METADATA,
    Column("position", _LONG, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("topic", String(128), nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", _LONG, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("entry", LargeBinary),  # none: rebuilt from its hash, after its topic had let it go
    UniqueConstraint("topic", "partition", "offset", name="one_leaf_for_each_record"),
)

NAMES = Table(
    "names",
    METADATA,
    Column("name", LargeBinary(32), primary_key=True),
    Column("position", _LONG, primary_key=True, autoincrement=False),
)

APART = Table(
    "apart",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("bytes", LargeBinary, nullable=False),
)

TILES = Table(
    "tiles",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

SEALS = Table(
    "seals",
    METADATA,
    Column("size", _LONG, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("note", Text, nullable=False),  # the signed checkpoint, cosignatures included
    Column("brake", Boolean, nullable=False),  # as `log_reader.Sealed.brake`
)

ANCHORS = Table(
    "anchors",
    METADATA,
    Column("size", _LONG, primary_key=True, autoincrement=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("chain", String(64), nullable=False),
    Column("contract", String(42), nullable=False),
    Column("tx", String(66), nullable=False),
    Column("block", _LONG, nullable=False),
)

Index("leaves_by_kind", LEAVES.c.kind, LEAVES.c.position)
