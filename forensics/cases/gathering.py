"""Finding what our own topics say about one incident, with what speaks against it."""

from collections.abc import Callable
from hashlib import sha256

from forensics.cases.trust import AGAIN, MANY, MOST_DOUBTED, Exhibit, Trust
from runtime.broker import Broker, Message, read_topic
from runtime.keepers import key_of
from runtime.naming_cases import named_case
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.brake_events import said
from schemas.chain import Deployment, Event
from schemas.codec import reader
from schemas.errors import PoisonRecordError, UnsafeToContinueError
from schemas.incidents import Recovery
from schemas.topics import (
    ACTIONS,
    ALERTS,
    AUTHORITY,
    DEPLOYMENTS,
    INCIDENTS,
    RECOVERIES,
    TopicSpec,
)

READS = (INCIDENTS, ALERTS, ACTIONS, RECOVERIES, AUTHORITY, DEPLOYMENTS)

SERVICE = b"assure"
"""Under whose key it is told what the chain shows of brakes."""

MAX_RECORDS = 50_000
"""Of one incident and topic, and believed; a case keeps 1,000 alerts and 1,000 brakes, each of a
dozen steps."""

MOST_SHOWN = 1_000
"""Brakes and releases that the chain shows. They are signed by nobody, so a flood of them is cut
short, where one of what can be signed has to be answered by naming whose word counts."""


def gather(broker: Broker, name: str, trust: Trust) -> list[Exhibit]:
    """Return the records of the incident whose id begins with `name`: its newest state, its alerts,
    their withdrawals, its brakes' steps, its recoveries, what the chain shows of its protocol's
    brakes since; and what is there in its name, or theirs,
    that nobody who is believed said.

    Raises `ConfigurationError` when no incident, or more than one, is named so.
    """
    message, incident = named_case(broker, name, trust.keepers)
    key = incident.protocol.encode()
    alerts = {sighting.alert for sighting in incident.sightings}

    def belongs(record: Record) -> bool:
        if isinstance(record, Alert):
            return record.id in alerts
        if isinstance(record, Withdrawal):
            return record.alert in alerts
        if isinstance(record, Action):
            return record.incident == incident.id or record.alert in alerts
        return isinstance(record, Recovery) and record.incident == incident.id

    def shows(record: Record) -> bool:
        return (
            isinstance(record, Event)
            and (record.chain, record.protocol) == (incident.chain, incident.protocol)
            and record.timestamp >= incident.opened
            and said(record.topics, record.data) is not None
        )

    found = [Exhibit(message), *_doubted_states(broker, key_of(incident), trust)]
    for topic in (ALERTS, ACTIONS, RECOVERIES):
        found += _chosen(broker, topic, key, belongs, trust)
    return found + _chosen(broker, AUTHORITY, SERVICE, shows, trust, MOST_SHOWN)


def _doubted_states(broker: Broker, key: bytes, trust: Trust) -> list[Exhibit]:
    doubted = _Doubted()

    def take(message: Message) -> None:
        if message.key == key:
            doubted.take(trust.exhibit(message))

    read_topic(broker, INCIDENTS.name, take)
    return doubted.kept()


def gather_deployments(
    broker: Broker, chain: str, wanted: Callable[[Deployment], bool]
) -> list[Message]:
    """Return the records of those contracts of a chain that are wanted."""
    found = _chosen(
        broker,
        DEPLOYMENTS,
        chain.encode(),
        lambda record: isinstance(record, Deployment) and wanted(record),
        Trust(),
    )
    return [exhibit.message for exhibit in found]


class _Doubted:
    """The first of a topic's records that are not believed, and how many more there are."""

    def __init__(self) -> None:
        self._first: list[Exhibit] = []
        self._more = 0

    def take(self, exhibit: Exhibit) -> None:
        """Keep or count it if it is doubted."""
        if not exhibit.doubt:
            return
        if len(self._first) < MOST_DOUBTED:
            self._first.append(exhibit)
        else:
            self._more += 1

    def kept(self) -> list[Exhibit]:
        """Return the first, the last of them with the number of those behind it."""
        return [*self._first[:-1], *(one._replace(more=self._more) for one in self._first[-1:])]


def _chosen(
    broker: Broker,
    topic: TopicSpec,
    key: bytes,
    wanted: Callable[[Record], bool],
    trust: Trust,
    room: int | None = None,
) -> list[Exhibit]:
    """`room`: of more than so many the rest is doubted; without it, too many are an error."""
    found: list[Exhibit] = []
    doubted = _Doubted()
    known: set[bytes] = set()

    def take(message: Message) -> None:
        if message.key != key:
            return
        record = _read(topic, message)
        if record is None or not wanted(record):
            return
        exhibit = trust.exhibit(message)
        digest = sha256(message.value or b"").digest()
        if not exhibit.doubt and digest in known:  # who may write here can say a signed one again
            exhibit = exhibit._replace(doubt=AGAIN)
        elif not exhibit.doubt and len(found) == room:
            exhibit = exhibit._replace(doubt=MANY)
        doubted.take(exhibit)
        if not exhibit.doubt:
            known.add(digest)
            found.append(exhibit)
            if len(found) > MAX_RECORDS:
                raise UnsafeToContinueError(
                    f"{topic.name}: more than {MAX_RECORDS:,} records of one incident; name whose "
                    f"are believed (docs/evidence.md), and others' no longer count"
                )

    read_topic(broker, topic.name, take)
    return [*found, *doubted.kept()]


def _read(topic: TopicSpec, message: Message) -> Record | None:
    """Read a record; one that nobody can read belongs to no incident."""
    try:
        return None if message.value is None else reader(topic)(message.value)
    except PoisonRecordError:
        return None
