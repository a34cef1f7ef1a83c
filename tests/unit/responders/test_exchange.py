"""Words by HTTP: what is let in, what is sent on, and what an operator that is away hears later."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import msgspec
import pytest

from responders.exchange.inbox import PER_MINUTE, VIA, Inbox, TooManyError
from responders.exchange.outbox import Outbox, Peer
from responders.exchange.web import application
from responders.words import Words
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.web import Place, serving
from schemas.codec import encode
from schemas.consents import MAX_CONSENT_BYTES, Consent
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.topics import CONSENTS
from tests.clock import ManualClock
from tests.unit.responders.examples import START
from tests.unit.responders.quorum import SIGNERS, STRANGER, agreed, word
from tests.waiting import until


class Side:
    """One operator's topic, and its door."""

    def __init__(self) -> None:
        self.broker = MemoryBroker()
        self.broker.create((CONSENTS,))
        self.metrics = Metrics()
        self.clock = ManualClock()
        self.inbox = Inbox([agreed()], self.broker.producer(), self.clock, self.metrics)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    @contextmanager
    def open(self) -> Iterator[None]:
        place = Place("127.0.0.1", self.port, "consents.port")
        with serving(application(self.inbox, self.metrics), place):
            yield

    def words(self) -> list[Message]:
        return [
            message
            for number in range(CONSENTS.partitions)
            for message in self.broker.log(Partition(CONSENTS.name, number))
        ]

    def post(self, body: bytes) -> int:
        return httpx.post(f"{self.address}/consents", content=body).status_code


@pytest.fixture
def side() -> Side:
    return Side()


def test_a_word_is_written_once_and_marked_as_come_by_http(side: Side) -> None:
    side.inbox.take(encode(word()))
    side.inbox.take(encode(word()))
    (message,) = side.words()
    assert message.value == encode(word())
    assert message.key == b"meadow"
    assert (VIA, b"http") in message.headers


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{}", "required"),
        (encode(word(STRANGER)), "no operator"),
        (encode(msgspec.structs.replace(word(STRANGER), operator=SIGNERS[0].address)), "not sign"),
        (encode(word(quorum="0x" + "dd" * 20)), "no manifest"),
        (b"x" * (MAX_CONSENT_BYTES + 1), "the limit"),
    ],
)
def test_what_is_no_operator_s_word_is_not_written(side: Side, body: bytes, reason: str) -> None:
    with pytest.raises(PoisonRecordError, match=reason):
        side.inbox.take(body)
    assert side.words() == []


def test_an_operator_may_say_so_much_a_minute_and_takes_nobody_else_s_room(side: Side) -> None:
    for number in range(PER_MINUTE):
        side.inbox.take(encode(word(round=number)))
    with pytest.raises(TooManyError):
        side.inbox.take(encode(word(round=PER_MINUTE)))
    side.inbox.take(encode(word(SIGNERS[1])))
    side.clock.seconds += 60.0
    side.inbox.take(encode(word(round=PER_MINUTE)))
    assert len(side.words()) == PER_MINUTE + 2


def test_the_door_answers_what_became_of_it(side: Side) -> None:
    with side.open():
        assert side.post(encode(word())) == 202
        assert side.post(encode(word(STRANGER))) == 400
        assert side.post(b"x" * (MAX_CONSENT_BYTES + 1)) == 413
        assert httpx.get(f"{side.address}/consents").status_code == 405
        assert httpx.get(f"{side.address}/").status_code == 404
    assert len(side.words()) == 1


def test_an_address_that_is_taken_says_what_to_do(side: Side) -> None:
    with side.open(), pytest.raises(ConfigurationError, match=r"consents\.port"), side.open():
        pass


def message(value: Consent, *, via: bool = False) -> Message:
    headers = ((VIA, b"http"),) if via else ()
    return Message(CONSENTS.name, 0, 0, b"meadow", encode(value), headers)


def test_an_operator_that_was_away_hears_it_later_and_hearsay_is_not_sent_on(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("responders.exchange.outbox.AGAIN_AFTER", 0.02)
    stop, metrics = threading.Event(), Metrics()
    peer = Peer(side.address, SystemClock(), metrics)
    thread = threading.Thread(target=peer.run, args=(stop,))
    thread.start()
    try:
        outbox = Outbox([peer], Words(side.broker.offsets_at, side.clock))
        outbox.process([message(word()), message(word(SIGNERS[1]), via=True)])
        with side.open():
            until(lambda: len(side.words()) == 1)
    finally:
        stop.set()
        thread.join()
    assert side.words()[0].value == encode(word())


def test_a_restart_reads_the_words_that_may_still_be_valid(side: Side) -> None:
    side.broker.milliseconds = 0
    side.inbox.take(encode(word()))
    side.clock.seconds = 10_000.0
    side.broker.milliseconds = 9_000_000
    side.inbox.take(encode(word(now=START + 1)))
    words = Words(side.broker.offsets_at, side.clock)
    place = side.words()[0].origin
    assert words.starts([place, Partition("alerts-v1", 0)]) == {place: 1}
