"""The keeper, and its seals."""

from pathlib import Path

import pytest

from forensics.record import database
from forensics.record.leaf import UNREAD, Leaf, leaf_of, record_in
from forensics.record.log_writer import LogWriter
from forensics.record.verification import verify
from runtime.broker import Message
from runtime.memory import MemoryBroker
from schemas.actions import Action
from schemas.base import Record
from schemas.codec import decode, encode
from schemas.examples import FOLDER
from schemas.ids import content_id
from schemas.seals import Seal
from schemas.services import RECORDED
from schemas.topics import ACTIONS, ALERTS, AUTHORITY
from tests.forensic_log import SIGNER, action, disordered, of_kind, seal
from tests.unit.forensics.desk import SEALED, alert, at_work, roots, write
from tests.unit.forensics.test_releases import PAUSED, UNPAUSED


def test_every_record_of_every_topic_becomes_a_leaf_and_is_sealed(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    told = {path.parent.name: path for path in FOLDER.rglob("*.json")}
    for spec in RECORDED:
        write(broker, told[spec.name].read_bytes(), topic=spec.name)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})

        assert {leaf.topic for leaf in desk.log.reader.leaves(0, len(RECORDED))} == {
            spec.name for spec in RECORDED
        }
        newest = desk.log.reader.newest_seal()
        assert newest is not None
        assert newest.size == desk.log.reader.size() == len(RECORDED)
        assert desk.findings() == ()
        assert decode(broker.log(SEALED)[-1].value or b"", Seal).note == newest.note


def test_intent_stands_before_action(broker: MemoryBroker, tmp_path: Path) -> None:
    write(broker, *(action(step) for step in range(7)))
    with at_work(broker, tmp_path) as desk:
        desk.read(limit=2)
        desk.read(limit=2)
        desk.read()
        kept = of_kind(desk.log.reader, "action")
        steps = [record_in(leaf.entry or b"", desk.log.reader.apart) for leaf in kept]

        states = [step.state for step in steps if isinstance(step, Action)]
        assert states.index("authorised") < states.index("broadcast") < states.index("included")
        desk.keeper.checkpoint({})
        assert desk.verified().disorder == ()


def test_an_act_before_its_intent_is_told() -> None:
    (told,) = disordered(action(0), action(2), action(1))
    assert "leaf 1: step 2" in told


def test_forged_steps_do_not_hide_a_release_behind_them(tmp_path: Path) -> None:
    def laid(offset: int, record: Record, topic: str) -> Leaf:
        return leaf_of(Message(topic, 0, offset, b"meadow", encode(record), ()))

    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as log:
        log.append([laid(0, PAUSED, AUTHORITY.name)])
        forged = (action(step, content_id("action", str(step))) for step in range(1, 151))
        log.append([laid(at, step, ACTIONS.name) for at, step in enumerate(forged)])
        log.append([laid(1, UNPAUSED, AUTHORITY.name)])
        seal(log)
        found = verify(log.reader, SIGNER.key)
    engine.dispose()
    assert len(found.disorder) == 101
    assert found.disorder[-1] == "and 50 more that stand before what they follow from"
    (note,) = found.unordered
    assert note.startswith("leaf 151: Unpaused")


def test_a_brake_is_sealed_at_once_and_other_things_wait(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    with at_work(broker, tmp_path) as desk:
        write(broker, alert(), topic=ALERTS.name)
        desk.read()
        assert roots(desk) == []
        write(broker, action(0), action(1))  # the second authorises
        desk.read()
        newest = desk.log.reader.newest_seal()
        assert newest is not None
        assert (newest.size, newest.brake) == (3, True)


def test_what_cannot_be_read_has_a_leaf_and_stops_nothing(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, *[b"\xff rubbish"] * 30, action(0))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})

        kinds = [leaf.kind for leaf in desk.log.reader.leaves(0, 99)]
        assert kinds == [UNREAD] * 30 + ["action"]
        assert desk.metrics.audit_unread.labels(ACTIONS.name)._value.get() == 30
        assert desk.findings() == ()


def test_many_leaves_take_several_seals(
    broker: MemoryBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forensics.record.sealing.MOST_LEAVES", 100)
    write(broker, *(b"%d" % number for number in range(250)))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        assert [size for size, _ in roots(desk)] == [100, 200, 250]
        assert desk.findings() == ()
        before = roots(desk)
    with at_work(broker, tmp_path, "again") as again:
        assert roots(again) == before
