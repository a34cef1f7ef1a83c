"""What tells of the chain, and what services go on from, in a stranger's hands."""

from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from msgspec.structs import replace

from detectors.publisher import Publisher
from detectors.samples import PROTOCOL
from detectors.vet_service import VetTask
from detectors.vetting import Vetting
from forensics.archive.keeper import Keeper
from forensics.archive.register import Register
from ingest.checkpoints import Checkpoints
from runtime.broker import Partition
from runtime.clock import SystemClock
from runtime.fencing import term_header
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signatures import Verifier, key_id
from schemas.alerts import Alert
from schemas.codec import decode_from, encode
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.examples import FOLDER
from schemas.operations import KeyState
from schemas.services import SERVICES
from schemas.topics import (
    ALERTS,
    BLOCKS,
    CHECKPOINTS,
    DEAD_LETTERS,
    DEPLOYMENTS,
    DETECTOR_STATE,
    EVENTS,
    SIGNALS,
    TRANSACTIONS,
    TopicSpec,
)
from tests.integration.compromise.topics import OURS, Topics
from tests.unit.detectors.test_service import KEY, Bench, tx
from tests.unit.detectors.test_vetting import MEADOW, NAMES_POOL, code_of, deployment
from tests.unit.ingest.test_checkpoints import checkpoint
from tests.unit.neighbours.examples import signal
from tests.unit.neighbours.test_service import Office, event

DETECTORS = Verifier({key_id(KEY.public_key()): KEY.public_key(), OURS.key_id: OURS.public_key})


def example(spec: TopicSpec) -> bytes:
    return min((FOLDER / spec.name).glob("*.json")).read_bytes()


def transactions(topics: Topics, _: Path) -> None:
    """Believed: as many alarms as the writer likes, each signed and each only an alarm."""
    topics.create((ALERTS, DEAD_LETTERS, DETECTOR_STATE))
    bench = Bench(cast("MemoryBroker", topics))
    bench.task.assigned([Partition(TRANSACTIONS.name, 3)])
    bench.feed(*(tx(block) for block in range(1000)))
    forged = topics.write(TRANSACTIONS, tx(1000, gas=99))
    bench.task.process([replace(forged, partition=3, offset=1000)])
    bench.task.checkpoint({})
    (alarm,) = topics.all(ALERTS)
    assert DETECTORS.check(alarm, head=1025)
    assert alarm.key == PROTOCOL.encode(), "of the protocol that it was written of"


def deployments(topics: Topics, _: Path) -> None:
    """Believed, as transactions are: an alarm over a contract, that pauses nothing by itself."""
    topics.create((ALERTS, DEAD_LETTERS))
    metrics = Metrics()
    with closing(topics.producer()) as producer:
        task = VetTask(
            Intake(producer, metrics, "vet"),
            Publisher(producer, SystemClock(), metrics, OURS),
            Vetting("vet", {"meadow": MEADOW}, metrics),
            metrics,
        )
        made_up = deployment(code_of("SpotAttack", NAMES_POOL))
        task.process([topics.write(DEPLOYMENTS, made_up), topics.write(DEPLOYMENTS, b"{")])
    (alarm,) = topics.all(ALERTS)
    told = decode_from(ALERTS, alarm.value or b"")
    assert isinstance(told, Alert)
    assert DETECTORS.check(alarm, head=None)
    assert told.set == "vet", "and over one of these alone nothing is paused"
    assert len(topics.letters()) == 1


def events(topics: Topics, folder: Path) -> None:
    """A signal in an event of the registry is its issuer's by the signature within it."""
    topics.create((SIGNALS, DEAD_LETTERS))
    office = Office(folder, cast("MemoryBroker", topics))
    bent = [event(signal(), severity="1"), event(signal(), issuer="0x" + "11" * 20)]
    office.task.process([topics.write(EVENTS, one) for one in bent])
    assert topics.all(SIGNALS) == []
    office.task.process([topics.write(EVENTS, event(signal()))])
    assert len(topics.all(SIGNALS)) == 1, "a stolen issuer's key: its own word, and nobody else's"


def blocks(topics: Topics, _: Path) -> None:
    """What a publisher writes whose term is over is void; a later term's word counts."""
    topics.create((DEAD_LETTERS,))
    chain = "eip155:1"
    true = topics.write(BLOCKS, example(BLOCKS), term_header(chain, 2), key=chain.encode())
    stale = topics.write(BLOCKS, example(BLOCKS), term_header(chain, 1), key=chain.encode())
    with closing(topics.producer()) as producer:
        intake = Intake(producer, Metrics(), "risk")
        assert [message for message, _ in intake.read_all([true, stale])] == [true]


def checkpoints(topics: Topics, _: Path) -> None:
    """A stale term's is passed over; what cannot be read stops ingest rather than leave a hole."""
    with closing(topics.producer()) as producer:
        kept = Checkpoints(topics, producer)
        true, forged = (encode(checkpoint("evm:a", step)) for step in (7, 99))
        topics.write(CHECKPOINTS, true, term_header("eip155:1", 2), key=b"evm:a")
        topics.write(CHECKPOINTS, forged, term_header("eip155:1", 1), key=b"evm:a")
        assert kept.newest("evm:a") == checkpoint("evm:a", 7)
        topics.write(CHECKPOINTS, b"{", term_header("eip155:1", 2), key=b"evm:a")
        with pytest.raises(PoisonRecordError):
            kept.newest("evm:a")


def state(topics: Topics, _: Path) -> None:
    """Another set's says nothing; what cannot be read stops detectors rather than be guessed."""
    topics.create((ALERTS, DEAD_LETTERS))
    bench, where = Bench(cast("MemoryBroker", topics)), Partition(TRANSACTIONS.name, 0)
    forged = decode_from(DETECTOR_STATE, (FOLDER / DETECTOR_STATE.name / "state.json").read_bytes())
    assert isinstance(forged, KeyState)
    place = Partition(DETECTOR_STATE.name, 0)
    with closing(topics.producer()) as producer:
        other = encode(replace(forged, set="another"))
        producer.send(place.topic, other, key=b"another/meadow", partition=0)
        producer.flush()
        assert bench.task.assigned([where])[where] == 0
        producer.send(place.topic, b"{", key=b"core/meadow", partition=0)
        producer.flush()
    with pytest.raises(UnsafeToContinueError, match="cannot be read"):
        bench.task.assigned([where])


def kept_alone(topics: Topics, folder: Path, spec: TopicSpec) -> None:
    """Nobody who acts reads it: ingest alone goes on from what it wrote itself, and the archive
    keeps a forged record and rubbish alike, each with all its bytes."""
    readers = {name for name, one in SERVICES.items() if spec in one.reads}
    assert readers <= {"ingest", "archive"}
    places = [Partition(spec.name, number) for number in range(spec.partitions)]
    keeper = Keeper(folder, topics, [spec.name], Metrics())
    keeper.assigned(places)
    forged, rubbish = topics.write(spec, example(spec)), topics.write(spec, b"\xff{")
    keeper.process([forged, rubbish])
    keeper.checkpoint({forged.origin: 2})
    assert Register(folder).end(forged.origin) == 2
