"""The log: leaves, their names, bytes kept apart, tiles, seals, anchors."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "leaves",
        sa.Column("position", _LONG, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("topic", sa.String(128), nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", _LONG, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("entry", sa.LargeBinary),
        sa.UniqueConstraint("topic", "partition", "offset", name="one_leaf_for_each_record"),
    )
    op.create_index("leaves_by_kind", "leaves", ["kind", "position"])
    op.create_table(
        "names",
        sa.Column("name", sa.LargeBinary(32), primary_key=True),
        sa.Column("position", _LONG, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "apart",
        sa.Column("sha256", sa.LargeBinary(32), primary_key=True),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", _LONG, primary_key=True, autoincrement=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "seals",
        sa.Column("size", _LONG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("brake", sa.Boolean, nullable=False),
    )
    op.create_table(
        "anchors",
        sa.Column("size", _LONG, primary_key=True, autoincrement=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
        sa.Column("contract", sa.String(42), nullable=False),
        sa.Column("tx", sa.String(66), nullable=False),
        sa.Column("block", _LONG, nullable=False),
    )
