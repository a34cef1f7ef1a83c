"""What our own responder says, sent to every other operator until it has it."""

import threading
from collections.abc import Sequence
from queue import Empty, Full, Queue

import httpx

from responders.exchange.inbox import VIA
from responders.questions import LONGEST
from responders.words import Words
from runtime.broker import Message, Offsets, Partition
from runtime.clock import Clock
from runtime.logs import logger, without_credentials
from runtime.metrics import Metrics
from schemas import headers
from schemas.topics import CONSENTS

_log = logger(__name__)

MOST_WAITING = 1000
"""Words that wait for one operator who does not answer; an hour's, many times over."""

AGAIN_AFTER = 1.0
"""Seconds until what was not taken is sent again."""

PATIENCE = 2.0
"""Seconds that an operator gets to answer."""

_FINISHED = frozenset({200, 202, 400, 413})
"""Answers after which nothing would change: taken, or refused as no word."""


class Peer:
    """One other operator: what it still has to hear, and a thread that tells it."""

    def __init__(self, address: str, clock: Clock, metrics: Metrics) -> None:
        self._address = address.rstrip("/") + "/consents"
        self._name = without_credentials(address)
        self._clock = clock
        self._metrics = metrics
        self._waiting: Queue[tuple[float, bytes]] = Queue(MOST_WAITING)

    def tell(self, word: bytes) -> None:
        """Queue a word. Where the queue is full the oldest goes, and people are told."""
        while True:
            try:
                self._waiting.put_nowait((self._clock.monotonic(), word))
            except Full:
                self._waiting.get_nowait()
                self._lost("its queue is full")
            else:
                return

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop, each until it is taken or cannot be valid any more."""
        with httpx.Client(timeout=PATIENCE, follow_redirects=False) as client:
            while not stop.is_set():
                try:
                    since, word = self._waiting.get(timeout=0.1)
                except Empty:
                    continue
                while not self._sent(client, word) and not stop.wait(AGAIN_AFTER):
                    if self._clock.monotonic() - since > LONGEST:
                        self._lost("it did not answer while the word was valid")
                        break

    def _sent(self, client: httpx.Client, word: bytes) -> bool:
        """Send a word once; say whether that is done with."""
        try:
            status = client.post(self._address, content=word).status_code
        except (httpx.HTTPError, OSError) as error:
            _log.warning("operator_silent", operator=self._name, error=str(error)[:200])
            return False
        if status not in _FINISHED:
            _log.warning("word_not_taken", operator=self._name, status=status)
            return False
        told = status in (200, 202)
        self._metrics.consents.labels("told" if told else "not-taken").inc()
        return True

    def _lost(self, reason: str) -> None:
        self._metrics.consents.labels("lost").inc()
        _log.error("word_lost", operator=self._name, reason=reason)


class Outbox:
    """What the consumer loop runs: our own words, to every peer."""

    topics = (CONSENTS.name,)

    def __init__(self, peers: Sequence[Peer], words: Words) -> None:
        self._peers = peers
        self._words = words

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Start where the oldest word may still be valid: hearing one twice does no harm."""
        return self._words.starts(partitions)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Keep nothing by partition."""

    def process(self, batch: Sequence[Message]) -> None:
        """Tell what did not itself come from another operator."""
        for message in batch:
            if message.value is None or headers.find(message.headers, VIA) is not None:
                continue
            for peer in self._peers:
                peer.tell(message.value)

    def tick(self) -> None:
        """Do nothing between records."""

    def checkpoint(self, offsets: Offsets) -> None:
        """Keep nothing: a restart tells again what may still be valid."""

    def ready(self) -> bool:
        """Take whatever comes."""
        return True
