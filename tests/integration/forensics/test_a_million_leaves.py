"""A log of a million leaves, of the records that it really takes: checked at speed, and nothing
that is done to it goes unseen."""

import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine

from forensics.record import database
from forensics.record.checkpoint import Checkpoint
from forensics.record.index import check_index
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import leaf_hash
from forensics.record.verification import Verified, verify
from forensics.record.verified_tree import Outside
from tests.forensic_log import ORIGIN, SIGNER, real_leaves, seal
from tests.postgres import emptied

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SIZE, SHORT = 1_000_000, 100_000
BATCH = 5_000
BAR = 100_000
"""Leaves in a second of one core: others may be busy on this machine."""


class Timed(NamedTuple):
    found: Verified
    cpu: float
    """Seconds of one core."""
    wall: float

    @property
    def rates(self) -> str:
        """Leaves in a second; a server's own work is in the wall's alone."""
        leaves = self.found.leaves
        return f"{leaves / self.cpu:,.0f} leaves/s of CPU, {leaves / self.wall:,.0f} by the wall"


@contextmanager
def opened(address: str) -> Iterator[Engine]:
    engine = database.connect(address)
    try:
        yield engine
    finally:
        engine.dispose()


def check(address: str, outside: Outside) -> Timed:
    with opened(address) as engine:
        cpu, wall = time.process_time(), time.perf_counter()
        found = verify(LogReader(engine), SIGNER.key, [outside])
        return Timed(found, time.process_time() - cpu, time.perf_counter() - wall)


def filled(address: str, size: int) -> Outside:
    """Fill a log, and return what it says of itself at last."""
    with opened(address) as engine, LogWriter.open(engine) as log:
        for start in range(0, size, BATCH):
            log.append(real_leaves(BATCH, start))
            seal(log)
        sealed = log.reader.newest_seal()
    assert sealed is not None
    return Outside(sealed.size, sealed.root, "the chain")


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outside]:
    path = tmp_path_factory.mktemp("million") / "record.sqlite"
    return path, filled(database.file_url(path), SIZE)


def test_a_million_leaves_are_verified_at_a_hundred_thousand_a_second(
    million: tuple[Path, Outside], capsys: pytest.CaptureFixture[str]
) -> None:
    path, outside = million
    check(database.file_url(path), outside)  # once, for the file to be in memory
    timed = check(database.file_url(path), outside)
    say(capsys, f"SQLite: {timed.rates}")
    assert timed.found[:5] == (SIZE, 0, SIZE // BATCH, 1, 0)
    wrong = timed.found.findings + timed.found.disorder + timed.found.gaps
    assert wrong == (), "a sound order: the check of it went on to the last leaf"
    assert SIZE / timed.cpu >= BAR


def test_the_index_of_a_million_leaves_is_computed_again(
    million: tuple[Path, Outside], capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = million
    with opened(database.file_url(path)) as engine:
        cpu = time.process_time()
        found = check_index(LogReader(engine))
        taken = time.process_time() - cpu
    say(capsys, f"The index: {found.names:,} entries, {found.leaves / taken:,.0f} leaves/s of CPU")
    assert (found.leaves, found.findings) == (SIZE, ())


def test_the_same_of_postgresql(postgres_server: str, capsys: pytest.CaptureFixture[str]) -> None:
    address = emptied(postgres_server)
    outside = filled(address, SHORT)
    check(address, outside)
    timed = check(address, outside)
    say(capsys, f"PostgreSQL: {timed.rates}")
    assert timed.found[:5] == (SHORT, 0, SHORT // BATCH, 1, 0)
    assert timed.found.findings + timed.found.disorder + timed.found.gaps == ()


def say(capsys: pytest.CaptureFixture[str], what: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{what}\n")


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
    (entry,) = rows.execute("SELECT entry FROM leaves WHERE position = ?", (position,)).fetchone()
    forged = entry.replace(b"meadow", b"meadoW")
    assert forged != entry
    rows.execute(
        "UPDATE leaves SET entry = ?, hash = ? WHERE position = ?",
        (forged, leaf_hash(forged), position),
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

    found = check(database.file_url(copy), outside).found

    copy.unlink()
    assert found.findings


def test_another_checkpoint_of_the_same_size_that_somebody_kept_is_found(
    million: tuple[Path, Outside],
) -> None:
    """A fork that the log itself does not show: sound by itself, and somebody was told another."""
    path, outside = million
    other = outside._replace(root=bytes(32), where="somebody's checkpoint")
    (finding,) = check(database.file_url(path), other).found.findings
    assert "somebody's checkpoint" in finding
