"""The log made again from the topics, and held against the topic of its seals."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from forensics.record import database
from forensics.record.checkpoint import Checkpoint
from forensics.record.keeper import Keeper
from forensics.record.leaf import leaf_of
from forensics.record.log_writer import LogWriter
from forensics.record.note import NoteSigner
from forensics.record.rebuilding import Caught
from forensics.record.told_seals import ToldSeals
from forensics.record.verification import verify
from runtime.broker import Message, Partition
from runtime.memory import MemoryBroker
from schemas.codec import decode, encode
from schemas.errors import UnsafeToContinueError
from schemas.seals import Seal
from schemas.topics import ACTIONS, ALERTS, SEALS
from tests.forensic_log import ORIGIN, SIGNER, action, message, private
from tests.unit.forensics.desk import SEALED, alert, at_work, roots, write


def test_a_lost_database_is_made_again_with_the_same_roots(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    with at_work(broker, tmp_path) as desk:
        for start in range(0, 600, 120):
            write(broker, *(action(step) for step in range(start, start + 120)))
            write(broker, alert(), b"\xff", topic=ALERTS.name)
            desk.read()
            desk.keeper.checkpoint({})
        before, size = roots(desk), desk.log.reader.size()
        entries = [leaf.entry for leaf in desk.log.reader.leaves(0, size)]

    with at_work(broker, tmp_path, "another") as again:
        assert again.caught == Caught(len(before), size, 0)
        assert roots(again) == before
        assert [leaf.entry for leaf in again.log.reader.leaves(0, size)] == entries
        assert again.findings() == ()
        again.read()
        assert again.log.reader.size() == size


def test_a_seal_that_only_the_topic_has_is_taken_over(broker: MemoryBroker, tmp_path: Path) -> None:
    """As after a crash between the two."""
    with at_work(broker, tmp_path) as desk:
        write(broker, action(0), b"x")
        desk.read()
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(desk.log, "seal", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                desk.sealing.seal()
        assert roots(desk) == []

    with at_work(broker, tmp_path) as again:
        assert again.caught == Caught(1, 0, 0)
        assert [size for size, _ in roots(again)] == [2]
        write(broker, action(1))
        again.read()
        assert again.findings() == ()
        assert len(broker.log(SEALED)) == 2


def test_an_older_copy_of_the_database_is_brought_up_to_date(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    with at_work(broker, tmp_path) as desk:
        write(broker, b"1", b"2")
        desk.read()
        desk.keeper.checkpoint({})
        write(broker, b"3")
        write(broker, b"4", topic=ALERTS.name)
        desk.read()  # leaves that no seal covers yet
    copy = (tmp_path / "record.sqlite").read_bytes()
    with at_work(broker, tmp_path) as desk:
        desk.keeper.checkpoint({})
        write(broker, b"5")
        desk.read()
        desk.keeper.checkpoint({})
        before = roots(desk)

    (tmp_path / "copy.sqlite").write_bytes(copy)
    with at_work(broker, tmp_path, "copy") as again:
        assert again.caught == Caught(2, 1, 0)
        assert roots(again) == before
        assert again.findings() == ()


def test_leaves_that_were_never_sealed_give_way_to_what_was(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, b"1")
    write(broker, b"2", topic=ALERTS.name)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        before = roots(desk)
    engine = database.connect(database.file_url(tmp_path / "other.sqlite"))
    with LogWriter.open(engine) as log:  # the same records, the other way round
        for topic in (ACTIONS.name, ALERTS.name):
            for number in range(4):
                log.append([leaf_of(one) for one in broker.log(Partition(topic, number))])
    engine.dispose()

    with at_work(broker, tmp_path, "other") as again:
        assert roots(again) == before
        assert again.findings() == ()


def test_a_record_that_is_not_what_was_sealed_is_named(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, action(0), action(1), action(2))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
    partition = next(
        Partition(ACTIONS.name, n) for n in range(4) if broker.log(Partition(ACTIONS.name, n))
    )
    kept = broker.log(partition)
    kept[1] = replace(kept[1], value=encode(action(1, reason="another")))

    with (
        pytest.raises(UnsafeToContinueError, match=r"leaf 1: .* offset 1 is not the one"),
        at_work(broker, tmp_path, "again"),
    ):
        pass


def test_what_a_topic_let_go_leaves_its_hash_and_the_same_root(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(broker, *(action(step) for step in range(10)))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        before = roots(desk)
    bounds = broker.bounds

    def shorter(partition: Partition) -> tuple[int, int]:
        low, high = bounds(partition)
        return (4, high) if partition.topic == ACTIONS.name and high else (low, high)

    monkeypatch.setattr(broker, "bounds", shorter)
    with at_work(broker, tmp_path, "again") as again:
        assert again.caught.gone == 4
        assert roots(again) == before
        found = verify(again.log.reader, SIGNER.key)
        assert (found.gone, found.findings) == (4, ())


def test_another_log_s_key_is_not_signed_with(broker: MemoryBroker, tmp_path: Path) -> None:
    write(broker, action(0))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})

    other = NoteSigner(ORIGIN, private("another"))
    with (
        pytest.raises(UnsafeToContinueError, match="another key"),
        at_work(broker, tmp_path, "again", other),
    ):
        pass


def test_a_topic_of_seals_that_was_made_anew_is_told(broker: MemoryBroker, tmp_path: Path) -> None:
    write(broker, action(0))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
    broker.log(SEALED).clear()

    with pytest.raises(UnsafeToContinueError, match="made anew"), at_work(broker, tmp_path):
        pass


def test_a_topic_that_was_made_anew_is_told(broker: MemoryBroker, tmp_path: Path) -> None:
    write(broker, action(0))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        for number in range(4):
            broker.log(Partition(ACTIONS.name, number)).clear()
        with pytest.raises(UnsafeToContinueError, match="made anew"):
            desk.read()


def test_records_that_went_unrecorded_stop_it_until_somebody_looked(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = Partition(ACTIONS.name, 0)
    with at_work(broker, tmp_path) as desk:
        desk.keeper.process([message(0)])
        monkeypatch.setattr(broker, "bounds", lambda _: (5, 9))
        with pytest.raises(UnsafeToContinueError, match="4 records were removed"):
            desk.keeper.assigned([partition])
        keeper = Keeper(broker, desk.log, desk.sealing, desk.metrics, from_what_is_left=True)
        assert keeper.assigned([partition]) == {partition: 5}
        keeper.process([message(5)])
        keeper.checkpoint({})
        (gap,) = verify(desk.log.reader, SIGNER.key).gaps
        assert gap == "actions-v1[0]: no leaf of offsets 1 to 4"


def _interrupted(_: object) -> None:
    raise KeyboardInterrupt


def test_a_stranger_s_message_is_no_seal(broker: MemoryBroker, tmp_path: Path) -> None:
    write(broker, b"\xff", b"{}", topic=SEALS.name)
    with at_work(broker, tmp_path) as desk:
        assert desk.caught == Caught(0, 0, 0)
    assert Message(SEALS.name, 0, 0, b"meadow", b"\xff", ()) in broker.log(SEALED)


def test_a_log_that_was_cut_short_is_not_what_its_topic_of_seals_told(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    """Without its end a log is sound in itself; the seals went out before anybody saw them."""
    with at_work(broker, tmp_path) as desk:
        for start in range(0, 600, 100):
            write(broker, *(action(step) for step in range(start, start + 100)))
            desk.read()
            desk.keeper.checkpoint({})
        told = ToldSeals(broker, SIGNER.key)
        whole = verify(desk.log.reader, SIGNER.key, (), told)
        assert (whole.findings, whole.told, told.largest) == ((), whole.seals, 600)
        write(broker, b"sealed while somebody reads")
        desk.read()
        desk.keeper.checkpoint({})
        assert verify(desk.log.reader, SIGNER.key, (), told).findings == ()

        for change in ("leaves WHERE position >= 300", "seals WHERE size > 300"):
            with desk.log.reader.engine.begin() as connection:
                connection.execute(text(f"DELETE FROM {change}"))
        assert desk.findings() == ()
        cut = verify(desk.log.reader, SIGNER.key, (), ToldSeals(broker, SIGNER.key)).findings
        assert len(cut) == 1
        assert cut[0].startswith("the seal at audit-seals-v1 offset ")
        assert "has 601 leaves, here are 300 sealed: the end was cut off" in cut[0]


def test_a_fork_that_the_topic_was_told_is_found_in_whatever_order(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    with at_work(broker, tmp_path) as desk:
        write(broker, action(0), action(1), action(2))
        desk.read()
        desk.keeper.checkpoint({})
        genuine = broker.log(SEALED)[-1].value or b""
        write(broker, action(3))
        desk.read()
        desk.keeper.checkpoint({})
        write(broker, genuine, b"\xff", topic=SEALS.name)  # told once more, and rubbish
        other = replace(
            decode(genuine, Seal),
            note=str(Checkpoint(ORIGIN, 3, bytes(32)).signed(NoteSigner(ORIGIN, private("x")))),
        )
        write(broker, encode(other), topic=SEALS.name)
        told = ToldSeals(broker, SIGNER.key)
        assert verify(desk.log.reader, SIGNER.key, (), told).findings == ()
        assert told.strange == 1

        fork = replace(other, note=str(Checkpoint(ORIGIN, 3, bytes(32)).signed(SIGNER)))
        write(broker, encode(fork), topic=SEALS.name)
        told = ToldSeals(broker, SIGNER.key)
        (found,) = verify(desk.log.reader, SIGNER.key, (), told).findings
        assert "do not give the root of the seal at audit-seals-v1 offset" in found
