"""`firebreak archive keep` on a real broker, killed in the middle; and what is replayed from it."""

import random
import sys
import urllib.request
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from detectors.samples import CHAIN, address, odd, transactions
from forensics.archive.checking import extents, faults
from forensics.archive.history import Archive
from forensics.archive.query import Bounds, ask
from forensics.archive.register import Register
from runtime.broker import History, Message, Partition, read_all
from runtime.kafka import KafkaBroker
from sandbox.ports import free_port
from sandbox.process import ChildProcess
from schemas.chain import Argument, Block, Flow, Log, Retraction, Transaction
from schemas.codec import encode
from schemas.ids import content_id
from schemas.services import HISTORY
from schemas.topics import ALERTS, BEATS, EVENTS, TRANSACTIONS
from tests.unit.detectors.bars import bouncing, series
from tests.unit.detectors.test_events import event
from tests.unit.detectors.test_vetting import NAMES_POOL, POOL, code_of, deployment
from tests.waiting import until

pytestmark = pytest.mark.kafka

DAY = 86_400
KILLS, RECORDS = 2, 300
PROTOCOLS = tuple(f"protocol-{number}" for number in range(5))
ABOUT = {
    b'"detector":"depeg"',
    b'"subject":"deployment"',
    b'"set":"events"',
    b'"kind":"withdrawal"',
}
"""What alerts on prices, on contracts, on events and their withdrawal hold."""


@pytest.fixture
def environment(broker: KafkaBroker, bootstrap: str, namespace: str, tmp_path: Path) -> Any:
    broker.create((*HISTORY, BEATS))
    return {
        "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "FIREBREAK_KAFKA__NAMESPACE": namespace,
        "FIREBREAK_HOME": str(tmp_path / "home"),
        "FIREBREAK_PROTOCOLS": str(tmp_path / "none"),
    }


def keep(folder: Path, environment: dict[str, str], *options: str) -> ChildProcess:
    command = [str(Path(sys.executable).with_name("firebreak")), "archive", "keep", *options]
    return ChildProcess(command, folder / "keep.log", folder=folder, environment=environment)


def everything(source: History, topic: str) -> list[Message]:
    found: list[Message] = []
    for number in range(source.partitions(topic)):
        read_all(source, Partition(topic, number), found.append)
    return found


def kept(root: Path) -> dict[str, int]:
    return {extent.topic: extent.records for extent in extents(Register(root))}


def has_kept(root: Path, count: int) -> bool:
    return kept(root).get(TRANSACTIONS.name, 0) >= count


@pytest.mark.slow
def test_killed_again_and_again_it_has_each_record_once(
    broker: KafkaBroker, environment: dict[str, str], tmp_path: Path
) -> None:
    """Records of a new day each, so that a batch is cut and written every 64 of them."""
    chance, root = random.Random(7), tmp_path / "home" / "archive"
    samples = list(transactions(KILLS * RECORDS))
    producer = broker.producer()

    def write(numbers: Sequence[int]) -> None:
        for number in numbers:
            record = msgspec.structs.replace(samples[number], timestamp=number * DAY)
            producer.send(TRANSACTIONS.name, encode(record), partition=number % 3)
        producer.send(ALERTS.name, b"\xff rubbish %d" % numbers[0], key=None)
        producer.flush()

    for part in range(KILLS):
        write(range(RECORDS * part, RECORDS * (part + 1)))
        process = keep(tmp_path, environment)
        wanted = kept(root).get(TRANSACTIONS.name, 0) + chance.randrange(1, RECORDS // 2)
        until(partial(has_kept, root, wanted), patience=120)
        process.kill()
    left = KILLS * RECORDS - kept(root)[TRANSACTIONS.name]
    process = keep(tmp_path, environment, "--health-port", str(port := free_port()))
    until(lambda: read(port) == left, patience=120)
    assert process.stop(patience=30) == 0, process.tail()

    archive = Archive(root)
    for topic in (TRANSACTIONS.name, ALERTS.name):
        assert everything(archive, topic) == everything(broker, topic)
    assert list(faults(Register(root))) == []
    found = ask(
        root,
        'SELECT count(*), count(DISTINCT (partition, "offset")), count(DISTINCT day) '
        "FROM chain_transactions_v1",
        Bounds(),
    )
    assert found.rows == ((KILLS * RECORDS,) * 3,)
    found = ask(root, "SELECT count(*) FROM alerts_v1 WHERE fault IS NOT NULL", Bounds())
    assert found.rows == ((KILLS,),)


def taken_over(thief: str) -> tuple[Log, ...]:
    """What contracts log when a stranger takes them over and puts code of its own in."""
    safe, code = address(20), {"module": address(778)}
    owner: dict[str, Argument] = {"previousOwner": address(1), "newOwner": thief}
    return (
        Log(log=0, contract=safe, name="OwnershipTransferred", arguments=owner),
        Log(log=1, contract=safe, name="EnabledModule", arguments={**code}),
        Log(log=2, contract=safe, name="AddedOwner", arguments={"owner": thief}),
        Log(log=3, contract=safe, name="Upgraded", arguments={"implementation": address(778)}),
    )


def publish_history(broker: KafkaBroker) -> None:
    """Ordinary transactions, odd ones, block markers in every partition, and rubbish; prices and a
    contract made to attack, under the key of the protocol that a manifest describes; single events.
    In the end their blocks leave the chain."""
    producer = broker.producer()
    records: list[Transaction] = [*transactions(400), *odd()]
    theft = Flow(token=address(20), sender=address(10), to=address(777), amount=str(10**26))
    calls = records[399].calls * 40
    records.append(msgspec.structs.replace(records[399], flows=(theft,) * 30, calls=calls))
    records.append(msgspec.structs.replace(records[399], logs=taken_over(address(777))))
    for number, sample in enumerate(records):
        for protocol in PROTOCOLS:
            record = msgspec.structs.replace(
                sample,
                id=content_id("t", protocol, number),
                protocol=protocol,
                block=number // 3 + 1,
                index=number % 3,
            )
            producer.send(TRANSACTIONS.name, encode(record), key=protocol.encode())
        if number % 3 == 2:
            block = Block(
                id=content_id("block", number), chain=sample.chain, number=number // 3 + 2,
                hash="0x" + "1" * 64, parent="0x" + "2" * 64, timestamp=sample.timestamp,
                transactions=3,
            )  # fmt: skip
            for partition in range(TRANSACTIONS.partitions):
                producer.send(TRANSACTIONS.name, encode(block), partition=partition)
    producer.send(TRANSACTIONS.name, b"{rubbish", partition=0)
    made = deployment(code_of("SpotAttack", NAMES_POOL), block=200)
    for one in (*series("m", [*bouncing(120), 0.9]), made):
        producer.send(TRANSACTIONS.name, encode(one), key=PROTOCOLS[0].encode())
    publish_events(broker)
    for partition in range(TRANSACTIONS.partitions):
        gone = retraction(made.block, made.block_hash)
        producer.send(TRANSACTIONS.name, encode(gone), partition=partition)
    producer.flush()


def publish_events(broker: KafkaBroker) -> None:
    """Events of a contract of each protocol, two that are far too large, and a block that goes."""
    producer, chance = broker.producer(), random.Random(7)
    sizes = [int(chance.lognormvariate(40, 1)) for _ in range(300)]
    for block, size in enumerate([*sizes, 10**25, 10**25]):
        for number, protocol in enumerate(PROTOCOLS):
            record = msgspec.structs.replace(
                event(block, size), chain=CHAIN, protocol=protocol, contract=address(number + 1)
            )
            producer.send(EVENTS.name, encode(record), key=record.contract.encode())
    last = event(len(sizes) + 1, 0)
    gone = retraction(last.block, last.block_hash)
    for partition in range(EVENTS.partitions):
        producer.send(EVENTS.name, encode(gone), partition=partition)
    producer.flush()


def retraction(number: int, name: str) -> Retraction:
    return Retraction(
        id=content_id("retraction", name), chain=CHAIN, number=number, hash=name,
        parent="0x" + "0" * 64, timestamp=0,
    )  # fmt: skip


MANIFEST = f"""
protocol = "{PROTOCOLS[0]}"
chain = "{CHAIN}"
[[contracts]]
address = "{POOL}"
role = "pool"
[[markets]]
market = "m"
asset = "X"
peg = 1
[budget]
transactions_per_false_alert = 100
"""


def replayed(environment: dict[str, str], folder: Path, name: str, *options: str) -> Any:
    """Run the command; return what it found."""
    log = folder / f"{name}.log"
    command = [str(Path(sys.executable).with_name("firebreak")), "replay", "--json", *options]
    process = ChildProcess(command, log, folder=folder, environment=environment)
    assert process.wait(120) == 0, process.tail()
    return orjson.loads(log.read_bytes().splitlines()[-1])


def alerts(broker: KafkaBroker, topic: str) -> list[tuple[bytes, bytes]]:
    return sorted((m.key or b"", m.value or b"") for m in everything(broker, topic))


@pytest.mark.slow
def test_a_replay_from_the_archive_is_the_one_from_the_topics_byte_for_byte(
    broker: KafkaBroker, environment: dict[str, str], bootstrap: str, tmp_path: Path
) -> None:
    publish_history(broker)
    (manifests := Path(environment["FIREBREAK_PROTOCOLS"])).mkdir()
    (manifests / "one.toml").write_text(MANIFEST)
    root = tmp_path / "home" / "archive"
    records = {topic: everything(broker, topic) for topic in (TRANSACTIONS.name, EVENTS.name)}
    process = keep(tmp_path, environment, "--health-port", str(port := free_port()))
    counts = {topic: len(written) for topic, written in records.items()}
    until(lambda: {topic: read(port, topic) for topic in counts} == counts, patience=120)
    assert process.stop(patience=30) == 0, process.tail()
    for topic, written in records.items():
        assert everything(Archive(root), topic) == written

    environment["FIREBREAK_FINALITY"] = '{"eip155:31337": 4}'
    cluster, states, about = KafkaBroker({"bootstrap.servers": bootstrap}), set(), set()
    for *chosen, topic in (
        ("--set", "core", TRANSACTIONS.name),
        ("--set", "acts", TRANSACTIONS.name),
        ("--events", EVENTS.name),
    ):
        name = chosen[-1].strip("-")
        live = replayed(environment, tmp_path, f"{name}-topics", *chosen)
        kept = (*chosen, "--archive", str(root))
        again = replayed(environment, tmp_path, f"{name}-archive", *kept)
        shared = replayed(environment, tmp_path, f"{name}-shared", *kept, "--processes", "2")
        raised = [alerts(cluster, found.pop("topic")) for found in (live, again, shared)]
        assert raised[0]
        assert raised[0] == raised[1] == raised[2]
        assert again == live  # the state that was learned among it
        assert shared == live
        assert live["records"] == counts[topic]
        states.add(live["state"])
        about |= {part for _, value in raised[0] for part in ABOUT if part in value}
    assert len(states) == 3, "each set learned what is its own"
    assert about == ABOUT


def read(port: int, topic: str = TRANSACTIONS.name) -> int:
    """How many records of a topic a process has read."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            text = str(response.read().decode())
    except OSError:
        return 0
    begin = f'firebreak_records_total{{topic="{topic}"}} '
    lines = (line for line in text.splitlines() if line.startswith(begin))
    return int(float(next(lines, "0").removeprefix(begin)))
