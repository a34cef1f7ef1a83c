"""Recorded files are published once, and every piece of them is accounted for."""

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ingest.files_service import NO_TRANSACTIONS, FileCount, FilesService
from ingest.lens import Lenses
from runtime.broker import Producer
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.chain import Transaction
from schemas.codec import decode_from
from schemas.errors import ConfigurationError
from schemas.headers import Headers
from schemas.operations import DeadLetter
from schemas.topics import BLOCKS, CHECKPOINTS, DEAD_LETTERS, EVENTS, TOPICS, TRANSACTIONS
from tests.publication import log
from tests.unit.ingest import recorded_block

MANY = 40


def write(folder: Path, name: str, value: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))


def block(**fields: Any) -> dict[str, Any]:
    made = recorded_block.block()
    for transaction, receipt in zip(made["transactions"], recorded_block.receipts(), strict=True):
        transaction |= {"receipt": receipt, "transactionIndex": receipt["transactionIndex"]}
    return made | fields


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recorded"
    write(folder, "block.json", block())
    write(folder, "broken/block.json", block(number="minus one"))
    write(folder, "empty/block.json", block(transactions=[], hash="0x" + "e0" * 32))
    write(folder, "README.md", "words")
    return folder


def topics() -> MemoryBroker:
    broker = MemoryBroker()
    broker.create(TOPICS.values())
    return broker


def run(broker: MemoryBroker, path: Path) -> FileCount:
    service = FilesService(broker, Lenses([], Path()), Metrics(), SystemClock())
    service.run(path)
    assert all(count.adds_up for count in service.counts.values())
    total = FileCount()
    for count in service.counts.values():
        total += count
    return total


def sizes(broker: MemoryBroker) -> dict[str, int]:
    names = (spec for spec in TOPICS.values() if spec is not CHECKPOINTS)
    return {spec.name: len(log(broker, spec)) for spec in names}


def test_every_piece_is_accounted_for(folder: Path) -> None:
    total = run(topics(), folder)
    assert (total.published, total.there, total.unreadable) == (2, 0, 1)
    assert total.skipped[NO_TRANSACTIONS] == 1
    assert total.read == total.published + total.skipped.total() + total.unreadable


def test_transactions_belong_to_the_case_they_come_from(folder: Path) -> None:
    broker = topics()
    run(broker, folder)
    found = [decode_from(TRANSACTIONS, m.value or b"") for m in log(broker, TRANSACTIONS)]
    transactions = [record for record in found if isinstance(record, Transaction)]
    assert {record.protocol for record in transactions} == {"recorded"}
    assert [record.index for record in transactions] == [0, 1]


def test_a_recorded_block_gets_no_marker(folder: Path) -> None:
    broker = topics()
    run(broker, folder)
    assert not log(broker, BLOCKS)
    assert len(log(broker, EVENTS)) == 1


def test_what_cannot_be_read_is_kept_with_its_bytes(folder: Path) -> None:
    broker = topics()
    run(broker, folder)
    (message,) = log(broker, DEAD_LETTERS)
    letter = decode_from(DEAD_LETTERS, message.value or b"")
    assert isinstance(letter, DeadLetter)
    assert letter.fault == "content"
    assert b"minus one" in (letter.value or b"")
    assert b"broken/block.json" in (letter.key or b"")


def test_a_second_run_publishes_nothing(folder: Path) -> None:
    broker = topics()
    run(broker, folder)
    before = sizes(broker)
    total = run(broker, folder)
    assert sizes(broker) == before
    assert (total.published, total.there) == (0, 3)


def test_a_file_is_known_by_its_content_wherever_it_lies(folder: Path, tmp_path: Path) -> None:
    broker = topics()
    run(broker, folder)
    before = sizes(broker)
    shutil.copytree(folder, tmp_path / "elsewhere" / "copy")
    run(broker, tmp_path / "elsewhere")
    run(broker, folder / "block.json")
    assert sizes(broker) == before


def test_two_files_of_the_same_content_are_published_once(folder: Path) -> None:
    broker = topics()
    (folder / "other").mkdir()
    shutil.copy(folder / "block.json", folder / "other" / "copy.json")
    total = run(broker, folder)
    assert (total.published, total.there) == (2, 2)


def test_a_new_file_in_a_known_folder_is_published(folder: Path) -> None:
    broker = topics()
    run(broker, folder)
    write(folder, "later/block.json", block(hash="0x" + "c1" * 32))
    total = run(broker, folder)
    assert (total.published, total.there) == (2, 3)


class _Interrupted(BaseException):
    """Somebody pressed Ctrl-C."""


class _Impatient:
    """A producer during whose work somebody presses Ctrl-C."""

    def __init__(self, producer: Producer, after: int) -> None:
        self._producer = producer
        self._left = after

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = None,
    ) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Interrupted
        self._producer.send(topic, value, key=key, headers=headers, partition=partition)

    def flush(self) -> Any:
        return self._producer.flush()

    def close(self) -> None: ...


@pytest.mark.parametrize("after", range(MANY))
def test_an_interrupted_run_is_completed_by_the_next(
    folder: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broker = topics(), topics()
    run(whole, folder)
    make: Callable[[], Producer] = broker.producer
    with monkeypatch.context() as patch:
        patch.setattr(broker, "producer", lambda: _Impatient(make(), after))
        with suppress(_Interrupted):
            run(broker, folder)
    run(broker, folder)
    assert sizes(broker) == sizes(whole)
    before = sizes(broker)
    run(broker, folder)
    assert sizes(broker) == before


def test_a_path_where_nothing_is_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file or folder"):
        run(topics(), tmp_path / "nowhere")


def test_without_topics_the_next_step_is_named(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="firebreak topics create"):
        run(MemoryBroker(), folder)
