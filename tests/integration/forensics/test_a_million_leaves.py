"""A log of a million leaves: checked at speed, and nothing done to it goes unseen."""

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.record import database
from forensics.record.checkpoint import Checkpoint
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.verification import Verified, verify
from forensics.record.verified_tree import Outside
from tests.forensic_log import ORIGIN, SIGNER, action, leaves, message, seal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SIZE = 1_000_000
BATCH = 5_000
BAR = 100_000
"""Leaves in a second of one core: others may be busy on this machine."""


def check(path: Path, outside: Outside) -> tuple[Verified, float]:
    engine = database.connect(database.file_url(path))
    try:
        start = time.process_time()
        found = verify(LogReader(engine), SIGNER.key, [outside])
        return found, time.process_time() - start
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outside]:
    path = tmp_path_factory.mktemp("million") / "record.sqlite"
    engine = database.connect(database.file_url(path))
    with LogWriter.open(engine) as log:
        for start in range(0, SIZE, BATCH):
            log.append(leaves(BATCH, start))
            seal(log)
        sealed = log.reader.newest_seal()
    engine.dispose()
    assert sealed is not None
    return path, Outside(sealed.size, sealed.root, "the chain")


def test_a_million_leaves_are_verified_at_a_hundred_thousand_a_second(
    million: tuple[Path, Outside], capsys: pytest.CaptureFixture[str]
) -> None:
    check(*million)  # once, for the file to be in memory
    found, seconds = check(*million)
    with capsys.disabled():
        sys.stdout.write(f"\n{SIZE / seconds:,.0f} leaves/s\n")
    assert found[:4] == (SIZE, 0, SIZE // BATCH, 1)
    assert (found.findings, found.disorder) == ((), ()), "its order was looked at too"
    assert SIZE / seconds >= BAR


Tamper = Callable[[sqlite3.Connection, random.Random], None]


def flip(rows: sqlite3.Connection, chance: random.Random, column: str, where: str) -> None:
    """Flip one bit of what a row has in a column."""
    (value,) = rows.execute(f"SELECT {column} FROM {where}").fetchone()
    changed = bytearray(value.encode() if isinstance(value, str) else value)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    table, condition = where.split(" WHERE ")
    rows.execute(f"UPDATE {table} SET {column} = ? WHERE {condition}", (bytes(changed),))


def a_bit_of_a_leaf(rows: sqlite3.Connection, chance: random.Random) -> None:
    flip(rows, chance, "entry", f"leaves WHERE position = {chance.randrange(SIZE)}")


def a_bit_of_a_hash(rows: sqlite3.Connection, chance: random.Random) -> None:
    flip(rows, chance, "hash", f"leaves WHERE position = {chance.randrange(SIZE)}")


def a_bit_of_a_tile(rows: sqlite3.Connection, chance: random.Random) -> None:
    number = chance.randrange(SIZE // 256)
    flip(rows, chance, "hashes", f"tiles WHERE level = 0 AND number = {number}")


def a_bit_of_an_upper_tile(rows: sqlite3.Connection, chance: random.Random) -> None:
    number = chance.randrange(SIZE // 256 // 256)
    flip(rows, chance, "hashes", f"tiles WHERE level = 1 AND number = {number}")


def a_checkpoint_s_signature(rows: sqlite3.Connection, chance: random.Random) -> None:
    size = BATCH * chance.randrange(1, SIZE // BATCH)
    (note,) = rows.execute("SELECT note FROM seals WHERE size = ?", (size,)).fetchone()
    at = note.rindex(" ") + 30 + chance.randrange(20)  # behind the key's id
    changed = note[:at] + ("A" if note[at] != "A" else "B") + note[at + 1 :]
    rows.execute("UPDATE seals SET note = ? WHERE size = ?", (changed, size))


def a_fork(rows: sqlite3.Connection, chance: random.Random) -> None:
    """The log's key signs a second checkpoint of a size that it has signed before."""
    size = BATCH * chance.randrange(1, SIZE // BATCH)
    other = Checkpoint(ORIGIN, size, chance.randbytes(32))
    note = str(other.signed(SIGNER))
    rows.execute("UPDATE seals SET note = ?, root = ? WHERE size = ?", (note, other.root, size))


def two_leaves_exchanged(rows: sqlite3.Connection, chance: random.Random) -> None:
    position, other = chance.sample(range(SIZE), 2)
    for one, to in ((position, -1), (other, position), (-1, other)):
        rows.execute("UPDATE leaves SET position = ? WHERE position = ?", (to, one))


def the_end_cut_off_with_all_that_tells_of_it(rows: sqlite3.Connection, _: random.Random) -> None:
    size = SIZE - BATCH
    rows.execute("DELETE FROM leaves WHERE position >= ?", (size,))
    rows.execute("DELETE FROM seals WHERE size > ?", (size,))


def a_leaf_taken_out(rows: sqlite3.Connection, chance: random.Random) -> None:
    rows.execute("DELETE FROM leaves WHERE position = ?", (chance.randrange(SIZE),))


def a_leaf_rewritten_with_its_hash(rows: sqlite3.Connection, chance: random.Random) -> None:
    position = chance.randrange(SIZE)
    forged = leaf_of(message(position, action(position, reason="another")))
    rows.execute(
        "UPDATE leaves SET entry = ?, hash = ? WHERE position = ?",
        (forged.entry, forged.hash, position),
    )


@pytest.mark.parametrize(
    "tamper",
    [
        a_bit_of_a_leaf, a_bit_of_a_hash, a_bit_of_a_tile, a_bit_of_an_upper_tile,
        a_checkpoint_s_signature, a_fork, two_leaves_exchanged, a_leaf_taken_out,
        the_end_cut_off_with_all_that_tells_of_it, a_leaf_rewritten_with_its_hash,
    ],
)  # fmt: skip
def test_whatever_is_done_to_it_is_found(
    million: tuple[Path, Outside], tmp_path: Path, tamper: Tamper
) -> None:
    path, outside = million
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    rows = sqlite3.connect(copy, isolation_level=None)
    tamper(rows, random.Random(tamper.__name__))
    rows.close()

    found, _ = check(copy, outside)

    copy.unlink()
    assert found.findings


def test_another_checkpoint_of_the_same_size_that_somebody_kept_is_found(
    million: tuple[Path, Outside],
) -> None:
    """A fork that the log itself does not show: sound by itself, and somebody was told another."""
    path, outside = million
    found, _ = check(path, outside._replace(root=bytes(32), where="somebody's checkpoint"))
    (finding,) = found.findings
    assert "somebody's checkpoint" in finding
