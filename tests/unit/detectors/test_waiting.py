"""What waits to be learned is bounded, and a flood neither teaches nor pushes out."""

from dataclasses import replace

import orjson
import pytest

from detectors import waiting
from detectors.waiting import QUARANTINE, SUSPECT_WEIGHT, Waiting, WaitingRoom

FINALITY = 4


def entry(
    block: int, alert: str = "", *, features: int = 1, suspect: bool | None = None
) -> Waiting:
    return Waiting(
        block=block,
        block_hash=f"0x{block}",
        index=0,
        tx=f"tx{block}",
        alert=alert,
        features=[{f"f:{number:040}": 1.0 for number in range(features)}],
        suspect=bool(alert) if suspect is None else suspect,
        near=False,
        view="calls",
    )


def due(room: WaitingRoom, head: int) -> list[tuple[int, float, bool, bool]]:
    return [(d.entry.block, d.weight, d.ours, d.theirs) for d in room.due(head)]


def test_a_detector_sees_its_own_that_waits_the_newest_first() -> None:
    room = WaitingRoom(FINALITY)
    for block in range(3):
        room.add(entry(block, features=block))
    room.add(replace(entry(3), features=[None]))
    assert [len(x) for x in room.of(0)] == [2, 1, 0]
    room.retract(2, "0x2")
    assert [len(x) for x in room.of(0)] == [1, 0]
    assert [item[0] for item in due(room, FINALITY)] == [0]
    assert [len(x) for x in room.of(0)] == [1]


def test_it_is_bounded_in_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_WAITING", 10)
    room = WaitingRoom(FINALITY)
    for block in range(100):
        room.add(entry(block))
    assert len(room) == 10
    assert room.turned_away == 90
    assert [item[0] for item in due(room, 1000)] == list(range(10))


def test_it_is_bounded_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_BYTES", 100_000)
    room = WaitingRoom(FINALITY)
    for block in range(1_000):
        room.add(entry(block, features=100))
        room.add(entry(block, "alert", features=100))
    assert room.size <= 100_000 + waiting.MAX_ALERTS * 1_000
    assert len(room) <= waiting.MAX_WAITING


def test_an_alert_finds_room_so_that_it_can_be_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_WAITING", 3)
    monkeypatch.setattr(waiting, "MAX_BYTES", 1_200)
    room = WaitingRoom(FINALITY)
    for block in range(5):
        room.add(entry(block))
    room.add(entry(9, "a-1", features=50))
    assert len(room) == 3
    (gone,) = room.retract(9, "0x9")
    assert (gone.alert, gone.features) == ("a-1", [None])


def test_of_too_many_alerts_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MAX_ALERTS", 2)
    room = WaitingRoom(FINALITY)
    for block in range(3):
        room.add(entry(block, f"a-{block}"))
    assert [saved[4] for saved in room.dump()] == ["a-1", "a-2"]
    assert room.turned_away == 1


def test_each_side_goes_by_its_own_alert() -> None:
    room = WaitingRoom(FINALITY)
    room.add(entry(1, "theirs alone", suspect=False))
    room.add(entry(1, "both", suspect=True))
    assert due(room, 1 + FINALITY) == [(1, 1.0, True, False)]
    assert due(room, 1 + FINALITY) == []
    late = due(room, 1 + FINALITY + QUARANTINE)
    assert late == [(1, SUSPECT_WEIGHT, False, True), (1, SUSPECT_WEIGHT, True, True)]
    assert len(room) == 0


def test_a_brake_takes_away_the_lesson_of_whoever_alerted() -> None:
    room = WaitingRoom(FINALITY)
    room.add(entry(1, "theirs alone", suspect=False))
    room.add(entry(1, "both", suspect=True))
    room.add(entry(1))
    room.confirm_brake()
    assert due(room, 1000) == [(1, 1.0, True, False), (1, 1.0, True, True)]


def test_halving_spares_alerts() -> None:
    room = WaitingRoom(FINALITY)
    for block in range(10):
        room.add(entry(block, "a" if block % 5 == 0 else ""))
    assert room.halve() == 4
    assert room.turned_away == 4
    assert [saved[4] for saved in room.dump()].count("a") == 2
    while len(room):
        room.halve()
    assert room.size == 0


def test_its_snapshot_is_faithful() -> None:
    room, other = WaitingRoom(FINALITY), WaitingRoom(FINALITY)
    for block in range(10):
        room.add(entry(block, "a" if block == 3 else "", features=block))
    other.load(room.dump())
    assert (other.size, len(other)) == (room.size, len(room))
    assert due(other, 9) == due(room, 9)
    assert other.dump() == room.dump()
    assert orjson.dumps(room.written()) == orjson.dumps(room.dump())


def test_what_is_restored_for_other_detectors_is_written_anew() -> None:
    room, other = WaitingRoom(FINALITY), WaitingRoom(FINALITY)
    room.add(replace(entry(1), features=[{"a": 1.0}, {"b": 2.0}]))
    other.load(room.dump(), kept=[1, None])
    assert orjson.dumps(other.written()) == orjson.dumps(other.dump())
    assert [row[5] for row in other.dump()] == [[{"b": 2.0}, None]]
