"""Twenty responders on a real broker tighten within a second of a warning."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from responders.journal import Journal
from responders.outlook import Account
from runtime.clock import SystemClock
from runtime.kafka import KafkaBroker
from runtime.loop import Loop
from runtime.neighbourhood import warned
from schemas.codec import encode
from schemas.ids import content_id
from schemas.signals import Signal
from schemas.topics import ALERTS, SIGNALS
from tests.unit.neighbours.examples import signal
from tests.unit.responders.bench import Assembly, Beside
from tests.unit.responders.examples import START
from tests.unit.responders.fakes import SIGNER, chain_at
from tests.unit.responders.test_neighbours import HERE, listening
from tests.waiting import until

pytestmark = pytest.mark.kafka

SUBSCRIBERS, ROUNDS, WARNING = 20, 5, (1, 2)
"""Of three neighbours that each listens to, one may lie: it takes two."""


class Subscriber:
    """A responder with consumers of its own, in a thread of its own."""

    def __init__(self, number: int, broker: KafkaBroker, journal: Journal) -> None:
        self.tightened = 0.0
        """When its odds were last raised by what it had just heard."""
        account = Account(SIGNER.address, SIGNER)
        beside = Beside(warned=self._look, signals=broker)
        self.bench = Assembly(journal, chain_at(), account, listening(3, 40), beside=beside)
        self.stop = threading.Event()
        consumer = broker.consumer(f"subscriber-{number}")
        self._loop = Loop(consumer, self.bench.responder, SystemClock())
        self.thread = threading.Thread(target=self._loop.run, args=(self.stop,), daemon=True)
        self.thread.start()

    @property
    def odds(self) -> float:
        return warned(self.bench.outlook.heard("meadow"))

    def _look(self) -> None:
        if self.odds > 1:
            self.tightened = time.monotonic()


@pytest.fixture
def village(broker: KafkaBroker, tmp_path: Path) -> Iterator[list[Subscriber]]:
    broker.create((ALERTS, SIGNALS))
    with ExitStack() as stack:
        found = [
            Subscriber(n, broker, stack.enter_context(Journal(tmp_path / f"{n}.jsonl")))
            for n in range(SUBSCRIBERS)
        ]
        yield found
        for one in found:
            one.stop.set()
        for one in found:
            one.thread.join()


def told(turn: int, by: int, *, confidence: int) -> Signal:
    return signal(
        by,
        id=content_id("matter", turn, by),
        seq=2 * turn + (confidence == 0),
        expiry=START + 3600,
        target=HERE,
        confidence=confidence,
    )


def test_twenty_responders_tighten_within_a_second(
    broker: KafkaBroker, village: list[Subscriber]
) -> None:
    producer = broker.producer()

    def say(turn: int, confidence: int) -> float:
        signals = [told(turn, by, confidence=confidence) for by in WARNING]
        begun = time.monotonic()
        for one in signals:
            producer.send(SIGNALS.name, encode(one), key=one.issuer.encode())
        producer.flush()
        return begun

    say(0, 10_000)
    until(lambda: all(one.odds > 1 for one in village))  # everyone has joined by now
    slowest = []
    for turn in range(1, ROUNDS + 1):
        say(turn - 1, 0)
        until(lambda: all(one.odds == 1 for one in village))
        begun = say(turn, 10_000)
        until(lambda: all(one.odds > 1 for one in village))
        slowest.append(max(one.tightened for one in village) - begun)
    shown = ", ".join(f"{1000 * seconds:.0f}" for seconds in slowest)
    print(f"\nuntil the last of {SUBSCRIBERS} tightened, in ms: {shown}")  # noqa: T201 - shown by -s
    assert median(slowest) < 1.0
    assert all(one.bench.states() == [] for one in village), "nobody brakes over a warning"
    producer.close()
