"""What people have to answer in time, each an alert of its own."""

from collections import Counter
from collections.abc import Mapping

from assurance.rights import answer_by
from runtime.metrics import Metrics
from schemas.chain import Event
from schemas.manifest import Manifest

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

    def take(self, told: Event) -> None:
        """Take an event of a protocol of ours as `authority-v1` has it, with its name; the same one
        again changes nothing."""
        until = answer_by(told, self._manifests[told.protocol])
        if until is None or told.id in self._known:
            return
        kind, place = (told.protocol, told.name), 0
        if told.name not in ANYBODYS:
            self._known.add(told.id)
            place = self._told[kind] % PLACES
            self._told[kind] += 1
        self._metrics.answer_by.labels(*kind, str(place)).set(until)
