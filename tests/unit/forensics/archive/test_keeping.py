"""Each record once, byte for byte, whoever is killed when."""

from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.samples import make, transactions
from forensics.archive.checking import extents, faults, losses
from forensics.archive.columns import messages, table
from forensics.archive.filing import file
from forensics.archive.history import Archive
from forensics.archive.keeper import MOST_PLACES
from forensics.archive.merging import TOGETHER
from forensics.archive.register import Entry, File, Register
from runtime import replay
from runtime.broker import Message, Partition
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import ALERTS, TRANSACTIONS
from tests.unit.forensics.archive.stand import (
    DAY,
    FIRST,
    Killed,
    Stage,
    assert_same,
    everything,
    fill,
    keep,
    killed_before,
    log,
    put,
)

P0 = Partition(TRANSACTIONS.name, 0)
texts = st.text("aé\x00😀", max_size=9)


@settings(deadline=None, max_examples=50)  # Arrow takes its time when it is first asked
@given(
    st.lists(
        st.builds(
            Message,
            topic=st.just(ALERTS.name),
            partition=st.integers(0, 2**31 - 1),
            offset=st.integers(0, 2**63 - 1),
            key=st.none() | st.binary(max_size=50),
            value=st.none() | st.binary(max_size=50),
            headers=st.lists(st.tuples(texts, st.none() | st.binary(max_size=9)), max_size=4).map(
                tuple
            ),
            time=st.integers(-1, 253_402_300_799_999),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_records_come_back_as_they_were(records: list[Message]) -> None:
    rows = table([(record, file(record)) for record in records])
    assert list(messages(ALERTS.name, rows)) == records


def test_topics_are_kept_as_they_are(tmp_path: Path) -> None:
    broker = log()
    fill(broker, 100)
    for value in (b"", b"\xff\xfe", b"{}"):
        put(broker, ALERTS, value, partition=3)
    metrics = keep(broker, tmp_path)
    assert_same(broker, tmp_path)
    assert_same(broker, tmp_path, ALERTS.name)
    assert [extent.records for extent in extents(Register(tmp_path))] == [3, 100]
    assert list(faults(Register(tmp_path))) == []
    name = {"topic": TRANSACTIONS.name}
    assert metrics.registry.get_sample_value("firebreak_archived_total", name) == 100


def test_days_and_chains_are_folders(tmp_path: Path) -> None:
    broker = log()
    for day in range(3):
        put(broker, TRANSACTIONS, make(day, timestamp=FIRST + day * DAY))
    keep(broker, tmp_path)
    folder = tmp_path / "data" / "topic=chain-transactions-v1"
    found = {str(path.parent.relative_to(folder)) for path in folder.rglob("*.parquet")}
    assert found == {f"day=2026-01-0{day}/chain=eip155%3A31337" for day in (1, 2, 3)}
    assert {m.offset for m in everything(Archive(tmp_path), TRANSACTIONS.name)} == {0, 1, 2}


def test_what_came_meanwhile_goes_on_where_the_files_end(tmp_path: Path) -> None:
    broker = log()
    for round_number in range(4):
        fill(broker, 10, seed=round_number)
        keep(broker, tmp_path)
        broker.commit("archive", {P0: 0})  # whatever the group says
    assert_same(broker, tmp_path)


def test_a_batch_of_many_days_is_cut(tmp_path: Path) -> None:
    broker = log()
    for day in range(MOST_PLACES + 5):
        put(broker, TRANSACTIONS, make(day, timestamp=FIRST + day * DAY))
    stage = Stage(broker, tmp_path, [TRANSACTIONS.name])
    stage.loop._interval = stage.loop._due = 1e9  # only size writes
    stage.keep()
    (entry,) = Register(tmp_path).entries(P0)
    assert (entry.end, len(entry.files)) == (MOST_PLACES, MOST_PLACES)


def _kill_at_every_step(root: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Kill one before its first change of the disk, one before its second, and so on; have each
    followed by others that live; compare. Return how many were killed."""
    records = list(transactions(21))
    for step in range(1000):
        broker, folder = log(), root / str(step)
        for record in records[:14]:
            put(broker, TRANSACTIONS, record)
        with killed_before(step, monkeypatch) as asked, suppress(Killed):
            keep(broker, folder, TRANSACTIONS.name, turns=2)
        if asked[0] <= step:
            return step
        broker._members.clear()
        for record in records[14:]:
            put(broker, TRANSACTIONS, record)
        keep(broker, folder, TRANSACTIONS.name, turns=3)
        keep(broker, folder, TRANSACTIONS.name, turns=1)
        assert_same(broker, folder)
        named = {file.path for entry in Register(folder).entries(P0) for file in entry.files}
        assert {str(path.relative_to(folder)) for path in folder.rglob("*.parquet*")} == named
    raise AssertionError("it never ended")


def test_killed_at_every_step_it_keeps_each_record_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _kill_at_every_step(tmp_path, monkeypatch) > 20


def test_killed_at_every_step_of_merging_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.archive.merging.TOGETHER", 2)
    assert _kill_at_every_step(tmp_path, monkeypatch) > 30


def test_small_batches_become_one(tmp_path: Path) -> None:
    broker = log()
    for number in range(TOGETHER + 1):
        put(broker, TRANSACTIONS, make(number))
        keep(broker, tmp_path, TRANSACTIONS.name, turns=2)
    merged, rest = Register(tmp_path).entries(P0)
    assert (merged.first, merged.end, merged.merges) == (0, TOGETHER, 1)
    assert (rest.first, rest.merges) == (TOGETHER, 0)
    assert len(list(tmp_path.rglob("*.parquet"))) == 2
    assert len(list(tmp_path.rglob("*.json"))) == 2
    assert_same(broker, tmp_path)


def test_of_two_that_believe_to_own_a_partition_one_wins(tmp_path: Path) -> None:
    broker = log()
    fill(broker, 9)
    slow = Stage(broker, tmp_path, [TRANSACTIONS.name])
    slow.loop._interval = slow.loop._due = 1e9
    slow.keep(turns=3)
    broker._members.clear()  # the group gave its partitions away, and it does not know
    keep(broker, tmp_path, TRANSACTIONS.name)
    with pytest.raises(TransientError, match="another process"):
        slow.loop._save(slow.loop._offsets)
    assert_same(broker, tmp_path)


def test_a_changed_file_is_neither_replayed_nor_merged_and_stops_nothing(tmp_path: Path) -> None:
    broker = log()
    for number in range(TOGETHER + 2):
        put(broker, TRANSACTIONS, make(number))
        keep(broker, tmp_path, TRANSACTIONS.name, turns=2)
        if number == 3:
            entry = Register(tmp_path).entries(P0)[2]
            path = tmp_path / entry.files[0].path
            path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert len(Register(tmp_path).entries(P0)) == TOGETHER + 2
    with pytest.raises(UnsafeToContinueError, match="not as it was written"):
        everything(Archive(tmp_path), TRANSACTIONS.name)


def test_an_archive_of_another_topic_is_refused(tmp_path: Path) -> None:
    broker = log()
    fill(broker, 9)
    keep(broker, tmp_path)
    with pytest.raises(ConfigurationError, match="another topic of that name"):
        keep(log(), tmp_path)


def test_a_gap_and_a_changed_file_are_found(tmp_path: Path) -> None:
    broker = log()
    for number in range(3):
        put(broker, TRANSACTIONS, make(number))
        keep(broker, tmp_path, TRANSACTIONS.name, turns=2)
    register = Register(tmp_path)
    entries, folder = register.entries(P0), register._folder(P0)
    path = tmp_path / entries[2].files[0].path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert len(list(faults(register))) == 1
    (folder / f"{1:020d}.json").unlink()
    (told,) = faults(register)
    assert "begins at 2, the one before it ended at 1" in told
    with pytest.raises(UnsafeToContinueError, match="begins at 2"):
        Archive(tmp_path).bounds(P0)


@pytest.mark.parametrize("path", ["/etc/passwd", "data/../../x"])
def test_an_entry_names_nothing_outside(tmp_path: Path, path: str) -> None:
    register = Register(tmp_path)
    register.add(P0, Entry(0, 1, 0, 0, (File(path, rows=1, bytes=1, sha256="0" * 64),)))
    with pytest.raises(UnsafeToContinueError, match="outside"):
        register.entries(P0)


def test_it_reads_like_the_log(tmp_path: Path) -> None:
    broker = log()
    fill(broker, 50)
    keep(broker, tmp_path, TRANSACTIONS.name)
    archive = Archive(tmp_path)
    for number in range(3):
        partition = Partition(TRANSACTIONS.name, number)
        assert archive.bounds(partition) == broker.bounds(partition)
    for seconds in (0, 1, 7, 8, 50, 51, 99):
        moment = (FIRST + seconds) * 1000
        ours = archive.offsets_at(TRANSACTIONS.name, moment)
        assert ours.items() <= broker.offsets_at(TRANSACTIONS.name, moment).items()
    found: list[Message] = []
    for source in (broker, archive):
        stretch = replay.stretch(source, TRANSACTIONS.name, "3", "2026-01-01T00:00:40Z")
        assert replay.read(source, stretch, found.extend) == 30
    assert sorted(found[:30], key=repr) == sorted(found[30:], key=repr)


def test_files_are_of_the_one_layout(tmp_path: Path) -> None:
    broker = log()
    fill(broker, 9)
    keep(broker, tmp_path)
    path = next(tmp_path.rglob("*.parquet"))
    assert pq.read_schema(path).names[:5] == ["partition", "offset", "time", "key", "value"]


def test_no_archive_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no archive"):
        Archive(tmp_path)


def test_what_a_topic_dropped_first_is_said_and_the_rest_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = log()
    for number in range(10):
        put(broker, TRANSACTIONS, make(number))
    keep(broker, tmp_path, TRANSACTIONS.name, turns=1)  # seven
    monkeypatch.setattr(broker, "bounds", lambda spot: (9, 10) if spot == P0 else (0, 0))
    metrics = keep(broker, tmp_path, TRANSACTIONS.name)
    assert [message.offset for message in everything(Archive(tmp_path), P0.topic)] == [*range(7), 9]
    assert list(losses(Register(tmp_path))) == [f"{P0.topic}[0]: 7 to 9 were never kept"]
    assert list(faults(Register(tmp_path))) == []
    lost = {"topic": P0.topic}
    assert metrics.registry.get_sample_value("firebreak_archive_lost_total", lost) == 2


def test_a_full_disk_ends_it_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = log()
    fill(broker, 30)

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("forensics.archive.writing.pq.write_table", full)
        with pytest.raises(TransientError, match="No space left"):
            keep(broker, tmp_path, TRANSACTIONS.name)
    broker._members.clear()
    keep(broker, tmp_path, TRANSACTIONS.name)
    assert_same(broker, tmp_path)
