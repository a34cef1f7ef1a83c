"""Whatever is done to a log's database is found, by the log itself or by what lies elsewhere."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text

from forensics.record import database
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.tables import METADATA
from forensics.record.verification import Verified, verify
from forensics.record.verified_tree import Outside
from runtime.broker import Message
from tests.forensic_log import SIGNER, action, grown, leaves, message, seal
from tests.postgres import emptied

SIZES = (1, 40, 256, 300, 530)
SIZE = SIZES[-1]
BYTES = {"leaves": ("hash", "entry"), "tiles": ("hashes",), "apart": ("bytes", "sha256")}
"""Where the record itself is. `names` and `kind` only lead to it."""

fast = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Kept:
    """A log in a database that can be put back to how it was, and what it once told others."""

    address: str
    row = "rowid"
    """What names a row of any table."""
    outside: Outside

    def write(self) -> None:
        """Make the log, and remember it."""
        engine = database.connect(self.address)
        with LogWriter.open(engine) as log:
            *_, last = grown(log, SIZES[:-1])
            log.append([leaf_of(Message("actions-v1", 1, 0, None, b"\xff" * 200, ()))])
            log.append(leaves(SIZE - log.frontier.size, SIZES[-2]))
            seal(log)
        engine.dispose()
        self.outside = Outside(last.size, last.root, "the chain")

    def empty(self) -> None:
        """Take everything away."""
        raise NotImplementedError

    def restore(self) -> None:
        """Put the log back to how it was."""
        raise NotImplementedError

    @contextmanager
    def opened(self) -> Iterator[Connection]:
        """Give the database of the log as it was, to whoever may write there."""
        self.restore()
        engine = create_engine(database.connect(self.address).url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    def check(self, *, alone: bool = False) -> Verified:
        """Verify the log as it is now; `alone`, without what it told others."""
        engine = database.connect(self.address)
        try:
            return verify(LogReader(engine), SIGNER.key, [] if alone else [self.outside])
        finally:
            engine.dispose()


class InFile(Kept):
    """In SQLite."""

    def __init__(self, folder: Path) -> None:
        self._path, self._whole = folder / "record.sqlite", folder / "whole.sqlite"
        self.address = database.file_url(self._path)
        self.write()
        shutil.copy(self._path, self._whole)

    def empty(self) -> None:
        for path in self._path.parent.glob("record.sqlite*"):
            path.unlink()

    def restore(self) -> None:
        self.empty()
        shutil.copy(self._whole, self._path)


class InPostgreSQL(Kept):
    """In PostgreSQL, which keeps the whole log in a schema beside it."""

    row = "ctid"

    def __init__(self, address: str) -> None:
        self.address = emptied(address)
        self.write()
        self._run("DROP SCHEMA IF EXISTS whole CASCADE", "CREATE SCHEMA whole")
        self._copy("public", "whole")

    def empty(self) -> None:
        emptied(self.address)

    def restore(self) -> None:
        self.empty()
        self._copy("whole", "public")

    def _copy(self, source: str, target: str) -> None:
        copies = [
            f"CREATE TABLE {target}.{name} (LIKE {source}.{name} INCLUDING ALL); "
            f"INSERT INTO {target}.{name} SELECT * FROM {source}.{name}"
            for name in (*METADATA.tables, database.VERSIONS)
        ]
        self._run("; ".join(copies))

    def _run(self, *statements: str) -> None:
        engine = create_engine(database.connect(self.address).url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A log in each kind of database in turn."""
    if request.param == "postgresql":
        return InPostgreSQL(request.getfixturevalue("postgres_server"))
    return InFile(tmp_path_factory.mktemp("log"))


def test_an_untouched_log_is_sound(kept: Kept) -> None:
    kept.restore()
    assert kept.check() == (SIZE, 0, len(SIZES), 1, 0, 0, (), (), (), ())


@settings(fast, max_examples=16)
@given(st.data())
def test_one_flipped_bit_is_found(kept: Kept, data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(BYTES)))
    column = data.draw(st.sampled_from(BYTES[table]))
    with kept.opened() as rows:
        found = rows.execute(text(f"SELECT {kept.row}, {column} FROM {table}")).all()
        row, value = data.draw(st.sampled_from(sorted(map(tuple, found))))
        bit = data.draw(st.integers(0, len(value) * 8 - 1))
        changed = bytearray(value)
        changed[bit // 8] ^= 1 << bit % 8
        change = f"UPDATE {table} SET {column} = :changed WHERE {kept.row} = :row"
        rows.execute(text(change), {"changed": bytes(changed), "row": row})

    assert kept.check().findings


@fast
@given(st.data())
def test_a_changed_character_of_a_checkpoint_is_found(kept: Kept, data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(SIZES))
    with kept.opened() as rows:
        note = rows.scalar(text("SELECT note FROM seals WHERE size = :size"), {"size": size})
        at = data.draw(st.integers(0, len(note) - 1))
        changed = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
        change = text("UPDATE seals SET note = :changed WHERE size = :size")
        rows.execute(change, {"changed": changed, "size": size})

    assert kept.check().findings


@fast
@given(st.sampled_from(["topic", "partition", "offset"]), st.integers(0, SIZE - 1))
def test_a_leaf_said_to_be_of_another_record_is_found(
    kept: Kept, column: str, position: int
) -> None:
    changed = "alerts-v1" if column == "topic" else 7_000
    with kept.opened() as rows:
        change = text(f'UPDATE leaves SET "{column}" = :changed WHERE position = :position')
        rows.execute(change, {"changed": changed, "position": position})

    assert kept.check().findings


@fast
@given(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
def test_two_leaves_in_each_other_s_place_are_found(kept: Kept, one: int, other: int) -> None:
    with kept.opened() as rows:
        change = text("UPDATE leaves SET position = :to WHERE position = :position")
        for position, to in ((one, -1), (other, one), (-1, other)):
            rows.execute(change, {"position": position, "to": to})

    assert bool(kept.check().findings) == (one != other)


@fast
@example(SIZE - 1)
@given(st.integers(0, SIZE - 1))
def test_a_leaf_that_is_missing_is_found(kept: Kept, position: int) -> None:
    with kept.opened() as rows:
        rows.execute(text("DELETE FROM leaves WHERE position = :at"), {"at": position})

    (found,) = kept.check().findings
    assert "is missing" in found or (position == SIZE - 1 and "the end was cut off" in found)


@fast
@given(st.integers(0, SIZE - 1))
def test_an_entry_that_was_taken_out_is_found(kept: Kept, position: int) -> None:
    with kept.opened() as rows:
        rows.execute(text("UPDATE leaves SET entry = NULL WHERE position = :at"), {"at": position})

    assert kept.check().findings


@fast
@given(st.integers(1, len(SIZES) - 1))
def test_a_log_whose_end_was_cut_off_contradicts_what_it_once_said(kept: Kept, seals: int) -> None:
    with kept.opened() as rows:
        for change in ("leaves WHERE position >= :size", "seals WHERE size > :size"):
            rows.execute(text(f"DELETE FROM {change}"), {"size": SIZES[seals - 1]})

    found = kept.check().findings
    assert bool(found) == (SIZES[seals - 1] < kept.outside.size)


@settings(fast, max_examples=6)
@given(st.integers(1, SIZES[-2] - 1), st.sampled_from(["fork", "rollback"]))
def test_a_log_that_its_own_keeper_rewrote_contradicts_what_he_once_said(
    kept: Kept, position: int, how: str
) -> None:
    """With database and key the keeper makes a log that is sound in itself. Only what lies
    elsewhere tells, and it does: a fork has another root at the same size."""
    kept.empty()
    engine = database.connect(kept.address)
    with LogWriter.open(engine) as log:
        forged = leaves(SIZES[-2])
        if how == "rollback":
            forged = forged[:position]
        else:
            forged[position] = leaf_of(message(position, action(position, reason="another")))
        log.append(forged)
        seal(log)
    engine.dispose()

    assert kept.check(alone=True).findings == ()
    (finding,) = kept.check().findings
    assert "the chain" in finding
