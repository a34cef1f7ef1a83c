"""What strangers write, on topics and on the chain, stops nothing, costs little and is kept."""

import os
import threading
import time
from contextlib import suppress
from random import Random

import orjson
import pytest
from eth_utils.crypto import keccak

from detectors import samples
from detectors.publisher import Publisher
from detectors.service import DetectTask
from detectors.sets import HostMaker, load_set
from ingest.decode.bounds import MAX_PAYLOAD
from ingest.lens import Lens, Lenses
from ingest.outbox import Origin
from ingest.posts import PlainPost
from ingest.publish import publish_block
from ingest.raw import RawBlock, RawFrame, RawLog, RawTransaction
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.intake import FUSE, Intake
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.manifests import load_manifest
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.settings import CORE
from runtime.state import StateStore
from schemas.chain import Event
from schemas.codec import decode, decode_from, encode
from schemas.errors import TransientError
from schemas.operations import DeadLetter
from schemas.topics import (
    ALERTS,
    DEAD_LETTERS,
    DETECTOR_STATE,
    EVENTS,
    TOPICS,
    TRANSACTIONS,
)
from tests.publication import log, outbox
from tests.waiting import until

BUDGET = 0.1
"""Seconds of this thread's own time that one record may cost."""

GROUP = "firebreak-detect-core"
PATIENCE = 90.0


def read(broker: KafkaBroker, where: Partition) -> int:
    """Return how far the group has come; 0 while it has no coordinator yet."""
    with suppress(TransientError):
        return broker.committed(GROUP, [where]).get(where, 0)
    return 0


def hostile(chance: Random) -> list[bytes]:
    """Records that are none: cut, deep, huge, of no type, of another topic, in bad UTF-8."""
    whole = encode(samples.transaction(1, chance))
    return [
        b"",
        b"\xff\xfe\x00",
        whole[: len(whole) // 2],
        whole.replace(b'"transaction"', b'"alert"', 1),
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"kind":"transaction","block":' + b"9" * 100_000 + b"}",
        whole.replace(b'"ok":true', b'"ok":"' + b"\xc3\x28" * 10 + b'"', 1),
        b'{"kind":"transaction"}',
        b"null",
        os.urandom(1_000_000),
        b'{"kind":"' + b"x" * 7_000_000 + b'"}',
    ]


@pytest.mark.kafka
def test_poison_is_kept_with_all_its_bytes_and_its_partition_goes_on(
    broker: KafkaBroker, chance: Random
) -> None:
    broker.create([TRANSACTIONS, ALERTS, DEAD_LETTERS, DETECTOR_STATE])
    producer, metrics = broker.producer(), Metrics()
    values = hostile(chance)
    assert len(values) < FUSE
    for number, value in enumerate(values):
        producer.send(TRANSACTIONS.name, value, key=b"k", partition=0)
        good = encode(samples.transaction(number, chance))
        producer.send(TRANSACTIONS.name, good, key=b"k", partition=0)
    producer.flush()
    task = DetectTask(
        Intake(producer, metrics, "detect"),
        Publisher(producer, SystemClock(), metrics, None),
        HostMaker("core", load_set(CORE, CORE), {}, lambda _: 5),
        metrics,
        StateStore(broker, producer, "core"),
    )
    stop = threading.Event()
    loop = Loop(broker.consumer(GROUP), task, SystemClock(), interval=0.2)
    thread = threading.Thread(target=loop.run, args=(stop,))
    thread.start()
    where = Partition(TRANSACTIONS.name, 0)
    try:
        until(lambda: read(broker, where) == 2 * len(values), PATIENCE)
    finally:
        stop.set()
        thread.join()
    kept = (decode_from(DEAD_LETTERS, m.value or b"") for m in log(broker, DEAD_LETTERS))
    letters = [letter for letter in kept if isinstance(letter, DeadLetter)]
    assert [letter.value or b"" for letter in letters] == values
    assert [letter.offset for letter in letters] == list(range(0, 2 * len(values), 2))
    scored = metrics.scored.labels("core")._value.get()
    assert scored == len(values)


@pytest.mark.parametrize("number", range(12))
def test_no_record_costs_a_reader_more_than_its_budget(number: int, chance: Random) -> None:
    value = hostile(chance)[number]
    broker = MemoryBroker()
    broker.create(TOPICS.values())
    message = Message(TRANSACTIONS.name, 0, 0, b"k", value, ())
    times = []
    for _ in range(3):
        intake = Intake(broker.producer(), Metrics(), "detect")
        start = time.thread_time()
        assert intake.read(message) is None
        times.append(time.thread_time() - start)
    assert min(times) < BUDGET


POOL = "0x" + "10" * 20
MANIFEST = """
protocol = "meadow"
chain = "eip155:31337"
[[contracts]]
address = "%s"
role = "pool"
abi = "meadow.abi.json"
"""
BOMBS = {
    "1 MB of log data": "ff" * 1_000_000,
    "a length of 2^256-1": "00" * 31 + "20" + "ff" * 32,
    "an offset of 2^256-1": "ff" * 32,
    "offsets that all lead to one place": ("00" * 31 + "20" + "00" * 30 + "0400")
    + ("00" * 30 + "8000") * 1024,
    "text in bad UTF-8": "00" * 31 + "20" + "00" * 31 + "04" + "fffefdfc" + "00" * 28,
    "a payload as large as any that is decoded": ("00" * 31 + "20" + "00" * 30 + "03fe")
    + ("00" * 30 + "8000") * (MAX_PAYLOAD // 32 - 2),
}


@pytest.fixture
def lens(tmp_path_factory: pytest.TempPathFactory) -> Lens:
    """Reads a contract whose ABI has dynamic types, nested as deep as is allowed."""
    folder = tmp_path_factory.mktemp("p")
    inputs = [
        {"name": "a", "type": "string[][]", "indexed": False},
        {"name": "b", "type": "bytes", "indexed": False},
    ]
    (folder / "meadow.abi.json").write_bytes(
        orjson.dumps([{"type": "event", "name": "Odd", "inputs": inputs}])
    )
    (folder / "meadow.toml").write_text(MANIFEST % POOL)
    return Lenses([load_manifest(folder / "meadow.toml")], folder).live("eip155:31337")


@pytest.mark.parametrize("name", BOMBS)
def test_an_abi_bomb_costs_no_more_than_its_budget_and_its_bytes_are_kept(
    lens: Lens, name: str
) -> None:
    data = "0x" + BOMBS[name]
    odd = "0x" + keccak(text="Odd(string[][],bytes)").hex()
    entry = RawLog(POOL, (odd,), data, 0)
    call = RawFrame(0, "call", POOL, POOL, 0, "0x" + "00" * 4 + BOMBS[name], "0x", ok=True)
    tx = RawTransaction(
        hash="0x" + "aa" * 32, index=0, sender=POOL, to=POOL, value=0, input=call.input,
        ok=True, gas_used=1, logs=[entry], frames=[call],
    )  # fmt: skip
    block = RawBlock("eip155:31337", 1, "0x" + "01" * 32, "0x" + "00" * 32, 1, [tx])
    times, broker = [], MemoryBroker()
    for _ in range(3):
        broker = MemoryBroker()
        broker.create(TOPICS.values())
        post = PlainPost(outbox(broker, broker.producer()), Origin(0))
        start = time.thread_time()
        publish_block(block, lens, post)
        times.append(time.thread_time() - start)
    assert min(times) < BUDGET
    (event,) = (decode(message.value or b"", Event) for message in log(broker, EVENTS))
    assert event.data == data
