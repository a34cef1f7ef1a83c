"""What people have to answer in time, each an alert of its own.

It follows from `authority-v1` alone, in its order: a process that begins reads that, and knows what
the one before it knew, in the same places as long as the topic still has the first of them.
"""

from collections import Counter
from collections.abc import Mapping

from assurance.rights import answer_by, told
from runtime.broker import Broker, Message, read_topic
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.chain import Event
from schemas.codec import decode_from
from schemas.errors import PoisonRecordError
from schemas.manifest import Manifest
from schemas.topics import AUTHORITY

_log = logger(__name__)

PLACES = 16
"""Of what one kind of event waits for: one that is told while another still waits pages too, so
that no harmless assertion can hide a false one. Each costs a bond, or is the owner's."""

ANYBODYS = frozenset({"Refused"})
"""What is told again whenever anybody turns a dial: one alert, however often."""


class Answers:
    """Until when what was told has to be answered, in `answer_by` of the metrics."""

    def __init__(self, manifests: Mapping[str, Manifest], metrics: Metrics) -> None:
        self._manifests = manifests
        self._metrics = metrics
        self._told: Counter[tuple[str, str]] = Counter()
        self._known: set[str] = set()
        self._until: dict[tuple[str, str, str], float] = {}

    def remember(self, broker: Broker) -> None:
        """Take all that was told before."""
        read_topic(broker, AUTHORITY.name, self._recall)

    def _recall(self, message: Message) -> None:
        try:
            record = decode_from(AUTHORITY, message.value or b"")
        except PoisonRecordError as error:
            _log.warning("answer_unread", offset=message.offset, reason=str(error))
            return
        if isinstance(record, Event) and record.protocol in self._manifests:
            found = told(record, self._manifests[record.protocol])
            if found is not None:
                self.take(found)

    def take(self, said: Event) -> None:
        """Take an event of a protocol of ours as `authority-v1` has it, with its name; the same one
        again changes nothing, and an earlier one ends no later one's time."""
        until = answer_by(said, self._manifests[said.protocol])
        if until is None or said.id in self._known:
            return
        kind, number = (said.protocol, said.name), 0
        if said.name not in ANYBODYS:
            self._known.add(said.id)
            number = self._told[kind] % PLACES
            self._told[kind] += 1
        place = *kind, str(number)
        self._until[place] = max(until, self._until.get(place, until))
        self._metrics.answer_by.labels(*place).set(self._until[place])
