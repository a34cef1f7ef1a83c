"""A log of a million leaves: checked at speed, and nothing done to it goes unseen."""

import random
import shutil
import sqlite3
import sys
import time
from pathlib import Path

import pytest

from forensics.record import database
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.verification import Verified, verify
from forensics.record.verified_tree import Outside
from tests.forensic_log import SIGNER, action, leaves, message, seal

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
    assert found.findings == ()
    assert SIZE / seconds >= BAR


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_it_is_found(
    million: tuple[Path, Outside], tmp_path: Path, seed: int
) -> None:
    path, outside = million
    chance = random.Random(seed)
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    kept = sqlite3.connect(copy, isolation_level=None)
    position = chance.randrange(SIZE)
    if seed == 0:  # one bit
        (entry,) = kept.execute(
            "SELECT entry FROM leaves WHERE position = ?", (position,)
        ).fetchone()
        changed = bytearray(entry)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        kept.execute("UPDATE leaves SET entry = ? WHERE position = ?", (changed, position))
    elif seed == 1:  # two leaves exchanged
        other = (position + 1) % SIZE
        for one, to in ((position, -1), (other, position), (-1, other)):
            kept.execute("UPDATE leaves SET position = ? WHERE position = ?", (to, one))
    elif seed == 2:  # the end cut off, and all that tells of it
        size = kept.execute("SELECT max(size) FROM seals WHERE size < ?", (SIZE,)).fetchone()[0]
        kept.execute("DELETE FROM leaves WHERE position >= ?", (size,))
        kept.execute("DELETE FROM seals WHERE size > ?", (size,))
    else:  # a leaf rewritten, its hash with it
        forged = leaf_of(message(position, action(position, reason="another")))
        kept.execute(
            "UPDATE leaves SET entry = ?, hash = ? WHERE position = ?",
            (forged.entry, forged.hash, position),
        )
    kept.close()

    found, _ = check(copy, outside)

    assert found.findings
