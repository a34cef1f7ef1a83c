"""The archive in a stranger's hands: a history that is sound in itself, and what contradicts it."""

from pathlib import Path

import pytest

from forensics.archive.checking import faults
from forensics.archive.history import Archive
from forensics.archive.register import Entry, File, Register, digest
from forensics.record.leaf import leaf_of
from runtime.broker import Message, Partition
from runtime.memory import MemoryBroker
from schemas.errors import UnsafeToContinueError
from schemas.services import SERVICES
from schemas.topics import ALERTS, BEATS, CHANGES
from tests.unit.forensics.archive.stand import everything, keep, log, put

P0 = Partition(ALERTS.name, 0)
TRUE = (b'{"what":"an alert"}', b'{"what":"another"}')
FALSE = (b'{"what":"an alert"}', b'{"what":"nothing"}')


def topic(values: tuple[bytes, ...]) -> MemoryBroker:
    broker = log()
    for value in values:
        put(broker, ALERTS, value)
    return broker


def leaves(records: list[Message]) -> list[bytes]:
    return [leaf_of(record).hash for record in records]


def test_one_that_its_keeper_rewrote_is_sound_in_itself_and_contradicts_the_forensic_log(
    tmp_path: Path,
) -> None:
    broker = topic(TRUE)
    recorded = leaves(everything(broker, ALERTS.name))
    keep(topic(FALSE), tmp_path)
    assert list(faults(Register(tmp_path))) == [], "the worst: its own check finds nothing"
    told = everything(Archive(tmp_path), ALERTS.name)
    assert [one.value for one in told] == list(FALSE)
    assert [one == two for one, two in zip(leaves(told), recorded, strict=True)] == [True, False]
    assert [one.value for one in everything(broker, ALERTS.name)] == list(TRUE), "not its to change"


def test_it_may_write_signs_of_life_and_no_service_waits_for_its_word() -> None:
    assert SERVICES["archive"].writes == (CHANGES, BEATS), "that, and how it began"


@pytest.mark.parametrize("path", ["../secret.parquet", "/etc/hostname", "data/../../secret"])
def test_its_register_leads_to_no_file_outside_of_it(tmp_path: Path, path: str) -> None:
    keep(topic(TRUE), tmp_path / "archive")
    (tmp_path / "secret.parquet").write_bytes(b"PAR1")
    register = Register(tmp_path / "archive")
    (entry,) = register.entries(P0)
    forged = File(path=path, rows=1, bytes=4, sha256=digest(tmp_path / "secret.parquet"))
    register.add(P0, Entry(entry.end, entry.end + 1, 0, 4, (forged,)))
    with pytest.raises(UnsafeToContinueError, match="outside the archive"):
        everything(Archive(tmp_path / "archive"), ALERTS.name)
