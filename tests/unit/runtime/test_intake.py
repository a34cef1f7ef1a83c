import json

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.intake import AHEAD, FUSE, LARGEST_KEPT, Intake, dead_letter
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.alerts import Alert
from schemas.codec import decode_from, encode
from schemas.errors import UnsafeToContinueError
from schemas.examples import example
from schemas.operations import DeadLetter
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS

GOOD = json.dumps(example("alerts-v1", "alert")).encode()


@pytest.fixture
def log() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create([DEAD_LETTERS])
    return broker


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def intake(log: MemoryBroker, metrics: Metrics) -> Intake:
    return Intake(log.producer(), metrics, "respond")


def _message(value: bytes | None, offset: int = 7, topic: str = ALERTS.name) -> Message:
    headers = (("record-id", b"\xff"), ("trace", None))
    return Message(topic, 2, offset, b"meadow", value, headers)


def _letters(log: MemoryBroker) -> list[DeadLetter]:
    found: list[DeadLetter] = []

    def take(message: Message) -> None:
        letter = decode_from(DEAD_LETTERS, message.value or b"")
        assert isinstance(letter, DeadLetter)
        assert message.key == letter.topic.encode()
        found.append(letter)

    read_all(log, Partition(DEAD_LETTERS.name, 0), take)
    return found


def test_a_good_record_is_read_and_counted(
    log: MemoryBroker, intake: Intake, metrics: Metrics
) -> None:
    assert isinstance(intake.read(_message(GOOD)), Alert)
    assert _letters(log) == []
    assert metrics.registry.get_sample_value("firebreak_records_total", {"topic": "alerts-v1"}) == 1


@pytest.mark.parametrize("value", [b"\xff\x00rubbish", b"", None, GOOD[:-1]])
def test_an_unreadable_record_is_kept_with_every_byte(
    log: MemoryBroker, intake: Intake, metrics: Metrics, value: bytes | None
) -> None:
    message = _message(value)

    assert intake.read(message) is None

    (letter,) = _letters(log)
    assert (letter.key, letter.value, letter.headers) == (b"meadow", value, message.headers)
    assert (letter.topic, letter.partition, letter.offset) == ("alerts-v1", 2, 7)
    assert (letter.service, letter.fault, letter.cut) == ("respond", "envelope", 0)
    assert letter.reason
    labels = {"topic": "alerts-v1", "fault": "envelope"}
    assert metrics.registry.get_sample_value("firebreak_dead_letters_total", labels) == 1


def test_a_letter_read_twice_has_one_name() -> None:
    first = dead_letter("respond", _message(b"x"), "r", "envelope")

    assert first.id == dead_letter("respond", _message(b"x"), "other words", "envelope").id
    assert first.id != dead_letter("respond", _message(b"x", offset=8), "r", "envelope").id
    assert first.id != dead_letter("detect", _message(b"x"), "r", "envelope").id


def test_a_value_that_no_topic_of_ours_could_hold_is_cut_and_says_so(
    log: MemoryBroker, intake: Intake
) -> None:
    intake.read(_message(b"\xff" * (LARGEST_KEPT + 1000)))

    (letter,) = _letters(log)
    assert letter.cut >= 1000
    assert len(letter.value or b"") + letter.cut == LARGEST_KEPT + 1000


def test_the_largest_record_is_kept_whole() -> None:
    letter = dead_letter("s", _message(b"\xff" * (ALERTS.max_bytes + 64 * 1024)), "r", "envelope")

    assert letter.cut == 0
    assert len(encode(letter, max_bytes=DEAD_LETTERS.max_bytes)) <= DEAD_LETTERS.max_bytes


def test_a_reason_is_cut_to_what_a_letter_holds() -> None:
    assert len(dead_letter("s", _message(b""), "r" * 10_000, "content").reason) == 500


def test_the_fuse_blows_at_a_streak(log: MemoryBroker, intake: Intake) -> None:
    for offset in range(FUSE - 1):
        assert intake.read(_message(b"rubbish", offset)) is None

    with pytest.raises(UnsafeToContinueError, match=r"alerts-v1.*\[2\] offset 19"):
        intake.read(_message(b"rubbish", FUSE - 1))
    assert len(_letters(log)) == FUSE


def test_a_good_record_ends_a_streak(intake: Intake) -> None:
    for _ in range(3):
        for offset in range(FUSE - 1):
            intake.read(_message(b"rubbish", offset))
        assert intake.read(_message(GOOD)) is not None


def test_streaks_of_different_topics_do_not_add_up(intake: Intake) -> None:
    for offset in range(FUSE - 1):
        intake.read(_message(b"rubbish", offset))
        intake.read(_message(b"rubbish", offset, topic=BLOCKS.name))


def test_what_strangers_wrote_never_blows_the_fuse(log: MemoryBroker, intake: Intake) -> None:
    for offset in range(FUSE - 1):
        intake.read(_message(b"rubbish", offset))
    for offset in range(3 * FUSE):
        intake.reject(_message(GOOD, offset), "the signature does not fit", fault="content")

    assert {letter.fault for letter in _letters(log)[FUSE:]} == {"content"}
    with pytest.raises(UnsafeToContinueError):
        intake.read(_message(b"rubbish"))


def test_what_is_decoded_at_once_is_told_apart_where_one_is_poison(
    log: MemoryBroker, intake: Intake, metrics: Metrics
) -> None:
    given = [_message(b"rubbish" if n in {3, AHEAD + 1} else GOOD, n) for n in range(3 * AHEAD)]

    read = [message.offset for message, _ in intake.read_all(given)]

    assert read == [n for n in range(3 * AHEAD) if n not in {3, AHEAD + 1}]
    assert [letter.offset for letter in _letters(log)] == [3, AHEAD + 1]
    labels = {"topic": "alerts-v1"}
    assert metrics.registry.get_sample_value("firebreak_records_total", labels) == 3 * AHEAD


@pytest.mark.parametrize(("room", "at_once"), [(AHEAD * len(GOOD), AHEAD), (2 * len(GOOD), 2)])
def test_as_much_is_decoded_at_once_as_has_room(
    intake: Intake, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, room: int, at_once: int
) -> None:
    monkeypatch.setattr("runtime.intake.AHEAD_BYTES", room + 1)
    taken = []
    for _ in intake.read_all([_message(GOOD, n) for n in range(3 * AHEAD)]):
        labels = {"topic": "alerts-v1"}
        taken.append(metrics.registry.get_sample_value("firebreak_records_total", labels))

    assert taken[:2] == [1, 1 + at_once], "the first tells how large they are"


def test_what_came_before_a_blown_fuse_is_handed_out_first(intake: Intake) -> None:
    given = [_message(GOOD, 0), *(_message(b"rubbish", 1 + n) for n in range(FUSE))]
    found: list[int] = []
    with pytest.raises(UnsafeToContinueError):
        found.extend(message.offset for message, _ in intake.read_all(given))
    assert found == [0]
