"""A real broker that somebody writes to who may, and the real readers of what is there."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from incidents.casework import Casework
from paging.pager import Pager
from paging.post import Post
from paging.rounds import Rounds
from paging.rules import Desk, Rules
from paging.store import PageStore
from runtime.acknowledging import People
from runtime.actors import Actors
from runtime.broker import Message, Partition, Producer, read_all
from runtime.kafka import KafkaBroker
from runtime.keepers import CaseIntake, Keepers
from runtime.metrics import Metrics
from runtime.signatures import Signer, Verifier
from schemas.base import Record
from schemas.codec import decode, encode
from schemas.headers import Headers
from schemas.incidents import Incident
from schemas.operations import DeadLetter
from schemas.topics import (
    ALERTS,
    DEAD_LETTERS,
    INCIDENTS,
    PAGES,
    TopicSpec,
)
from tests.unit.incidents.builders import PROTOCOL, alert
from tests.unit.paging.stand import LADDERS, Ear, Hands, Outside

OURS, STRANGER = (
    Signer(Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32)) for place in (1, 2)
)
KEYS = Verifier({OURS.key_id: OURS.public_key})
"""That of `OURS` alone is trusted."""


def signed(record: Record, signer: Signer) -> Headers:
    return signer.sign(encode(record), sequence=0, expires=0)


class Topics(KafkaBroker):
    """A broker whose topics are written to and looked at by hand."""

    def write(
        self,
        spec: TopicSpec,
        record: Record | bytes,
        headers: Headers = (),
        *,
        key: bytes = PROTOCOL.encode(),
    ) -> Message:
        """Write a record; return it as a reader gets it."""
        value = record if isinstance(record, bytes) else encode(record)
        before = dict(self._hand.flush())
        self._hand.send(spec.name, value, key=key, headers=headers)
        ((where, _),) = self._hand.flush().items() - before.items()
        return self.log(where)[-1]

    @cached_property
    def _hand(self) -> Producer:
        return self.producer()

    def close(self) -> None:
        self._hand.close()

    def log(self, partition: Partition) -> list[Message]:
        found: list[Message] = []
        read_all(self, partition, found.append)
        return found

    def all(self, spec: TopicSpec) -> list[Message]:
        numbers = range(spec.partitions)
        return [one for number in numbers for one in self.log(Partition(spec.name, number))]

    def letters(self) -> list[DeadLetter]:
        return [decode(one.value or b"", DeadLetter) for one in self.all(DEAD_LETTERS)]


class Cases:
    """Who keeps cases, one record of the broker after the other."""

    def __init__(
        self,
        topics: Topics,
        verifier: Verifier | None,
        people: People | None,
        actors: Actors | None,
    ) -> None:
        self.topics = topics
        self.producer = topics.producer()
        self._casework = Casework(self.producer, Metrics(), verifier, people, None, actors)
        self._kept: bytes | None = None

    def take(self, spec: TopicSpec, record: Record, headers: Headers = ()) -> bool:
        """Let somebody write this, and it be read; say whether it counted."""
        message = self.topics.write(spec, record, headers)
        docket = self._casework.work(message, self._kept)
        self.producer.flush()
        self._kept = docket or self._kept
        return docket is not None

    @property
    def newest(self) -> Incident:
        return decode(self.topics.all(INCIDENTS)[-1].value or b"", Incident)


@contextmanager
def keeping(
    topics: Topics,
    *specs: TopicSpec,
    verifier: Verifier | None = None,
    people: People | None = None,
    actors: Actors | None = None,
) -> Iterator[Cases]:
    """Keep cases of these topics, one of a grave alert being open already."""
    topics.create({ALERTS, INCIDENTS, DEAD_LETTERS, *specs})
    cases = Cases(topics, verifier, people, actors)
    with closing(cases.producer):
        grave = alert(1, severity="critical")
        cases.take(ALERTS, grave, signed(grave, OURS))
        yield cases


class Paging:
    """A pager on the broker, with people whose telephones ring."""

    def __init__(self, topics: Topics, *specs: TopicSpec, watch: tuple[str, ...] = ()) -> None:
        topics.create({INCIDENTS, PAGES, DEAD_LETTERS, *specs})
        self.clock, metrics = Hands(), Metrics()
        self.ears = {name: Ear() for name in ("phone", "chat", "lead")}
        self.producer = topics.producer()
        intake = CaseIntake(self.producer, metrics, "page", Keepers(), fuse=None)
        desk = Desk(intake, self.clock, metrics, Outside())
        rules = Rules(LADDERS, LADDERS["critical"], watch, 10.0, 86_400)
        rounds = Rounds(Post(self.ears, self.clock, metrics))
        store = PageStore(topics, self.producer)
        self.pager = Pager(rules, topics, store, rounds, desk)
        self.pager.assigned(
            [Partition(one.name, n) for one in (INCIDENTS, *specs) for n in range(one.partitions)]
        )

    def heard(self) -> str:
        """Let everybody who is due be told; return all that the phone was told."""
        self.pager.tick()
        return " ".join(one.title for one in self.ears["phone"].heard)
