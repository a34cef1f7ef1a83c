"""Whatever is done to a log's database is found, by the log itself or by what lies elsewhere."""

import shutil
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forensics.record import database
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.verification import Verified, verify
from forensics.record.verified_tree import Outside
from runtime.broker import Message
from tests.forensic_log import SIGNER, action, grown, leaves, message, seal

SIZES = (1, 40, 256, 300, 530)
SIZE = SIZES[-1]
BYTES = {"leaves": ("hash", "entry"), "tiles": ("hashes",), "apart": ("bytes", "sha256")}
"""Where the record itself is. `names` and `kind` only lead to it."""

fast = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Kept(NamedTuple):
    """A log's file, and what the log once told somebody else."""

    path: Path
    outside: Outside

    def check(self, *, alone: bool = False) -> Verified:
        """Verify the log as it is now; `alone`, without what it told others."""
        engine = database.connect(database.file_url(self.path))
        try:
            return verify(LogReader(engine), SIGNER.key, [] if alone else [self.outside])
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    path = tmp_path_factory.mktemp("log") / "record.sqlite"
    engine = database.connect(database.file_url(path))
    with LogWriter.open(engine) as log:
        *_, last = grown(log, SIZES[:-1])
        log.append([leaf_of(Message("actions-v1", 1, 0, None, b"\xff" * 200, ()))])
        log.append(leaves(SIZE - log.frontier.size, SIZES[-2]))
        seal(log)
    engine.dispose()
    return Kept(path, Outside(last.size, last.root, "the chain"))


@pytest.fixture
def kept(whole: Kept, tmp_path: Path) -> Kept:
    return whole._replace(path=tmp_path / "copy.sqlite")


def copied(whole: Kept, kept: Kept) -> sqlite3.Connection:
    for path in kept.path.parent.glob("copy.sqlite*"):
        path.unlink()
    shutil.copy(whole.path, kept.path)
    return sqlite3.connect(kept.path, isolation_level=None)


def test_an_untouched_log_is_sound(whole: Kept) -> None:
    assert whole.check() == (SIZE, 0, len(SIZES), 1, 0, (), ())


@settings(fast, max_examples=30)
@given(st.data())
def test_one_flipped_bit_is_found(whole: Kept, kept: Kept, data: st.DataObject) -> None:
    database_ = copied(whole, kept)
    table = data.draw(st.sampled_from(sorted(BYTES)))
    column = data.draw(st.sampled_from(BYTES[table]))
    rows = database_.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
    row, value = data.draw(st.sampled_from(rows))
    bit = data.draw(st.integers(0, len(value) * 8 - 1))
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    database_.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(changed), row))
    database_.close()

    assert kept.check().findings


@fast
@given(st.data())
def test_a_changed_character_of_a_checkpoint_is_found(
    whole: Kept, kept: Kept, data: st.DataObject
) -> None:
    database_ = copied(whole, kept)
    size = data.draw(st.sampled_from(SIZES))
    (note,) = database_.execute("SELECT note FROM seals WHERE size = ?", (size,)).fetchone()
    at = data.draw(st.integers(0, len(note) - 1))
    changed = note[:at] + chr(ord(note[at]) ^ 1) + note[at + 1 :]
    database_.execute("UPDATE seals SET note = ? WHERE size = ?", (changed, size))
    database_.close()

    assert kept.check().findings


@fast
@given(st.sampled_from(["topic", "partition", "offset"]), st.integers(0, SIZE - 1))
def test_a_leaf_said_to_be_of_another_record_is_found(
    whole: Kept, kept: Kept, column: str, position: int
) -> None:
    database_ = copied(whole, kept)
    changed = "alerts-v1" if column == "topic" else 7_000
    database_.execute(f'UPDATE leaves SET "{column}" = ? WHERE position = ?', (changed, position))
    database_.close()

    assert kept.check().findings


@fast
@given(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
def test_two_leaves_in_each_other_s_place_are_found(
    whole: Kept, kept: Kept, one: int, other: int
) -> None:
    database_ = copied(whole, kept)
    for position, to in ((one, -1), (other, one), (-1, other)):
        database_.execute("UPDATE leaves SET position = ? WHERE position = ?", (to, position))
    database_.close()

    assert bool(kept.check().findings) == (one != other)


@fast
@given(st.integers(0, SIZE - 1))
def test_a_leaf_that_is_missing_is_found(whole: Kept, kept: Kept, position: int) -> None:
    database_ = copied(whole, kept)
    database_.execute("DELETE FROM leaves WHERE position = ?", (position,))
    database_.close()

    assert kept.check().findings


@fast
@given(st.integers(0, SIZE - 1))
def test_an_entry_that_was_taken_out_is_found(whole: Kept, kept: Kept, position: int) -> None:
    database_ = copied(whole, kept)
    database_.execute("UPDATE leaves SET entry = NULL WHERE position = ?", (position,))
    database_.close()

    assert kept.check().findings


@settings(fast, max_examples=6)
@given(st.integers(1, SIZES[-2] - 1), st.sampled_from(["fork", "rollback"]))
def test_a_log_that_its_own_keeper_rewrote_contradicts_what_he_once_said(
    whole: Kept, kept: Kept, position: int, how: str
) -> None:
    """With database and key the keeper makes a log that is sound in itself. Only what lies
    elsewhere tells, and it does."""
    for path in kept.path.parent.glob("copy.sqlite*"):
        path.unlink()
    engine = database.connect(database.file_url(kept.path))
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
