"""Which service is silent, waits, or is alive and deaf. Pure; times are the listener's own.

A group of processes is silent when nothing was heard of any of them for one and a half periods; the
half is for beats that come late, and leaves half a period to tell people within two. It waits when
it has said for as long that something keeps it from its work. It is deaf when another wrote to a
topic that it reads, and it has not come that far a period after that was heard: so each record that
ingest publishes and each alert is a canary that has to arrive. Beats come twice a period, so a
record is known of half a period after it was written at most, and people are told within two
likewise.

What was written before the first beat that was heard of a writer is not asked for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.operations import Beat

PATIENCE = 1.5
"""Periods, for a beat, and for what keeps a service from its work."""

DEAFNESS = 1.0
"""Periods, for a record to be passed; the beat that says so comes half a period later at most."""

MOST_GROUPS = 256
MOST_WRITERS = 16_384
"""Partitions by who writes them; each start of a process is another writer. Beyond these bounds a
new group is not listened to, and the oldest writer is forgotten."""


@dataclass(slots=True)
class _Group:
    service: str
    heard: float
    waiting: str = ""
    waits_since: float = 0.0
    reads: dict[str, int] = field(default_factory=dict)
    owes: dict[str, tuple[int, float]] = field(default_factory=dict)
    """By `topic/partition`: up to which offset it has to come, and since when that is known."""


class Trouble(NamedTuple):
    """What is wrong with a service."""

    service: str
    words: str


class Watch:
    """Listens to the beats of every service."""

    def __init__(self, expected: Iterable[str], period: float, now: float) -> None:
        """Of each service in `expected` somebody has to be heard; `period` in seconds."""
        self._expected = frozenset(expected)
        self._patience = period * PATIENCE
        self._deafness = period * DEAFNESS
        self._since = now
        self._groups: dict[str, _Group] = {}
        self._wrote: dict[tuple[str, str], int] = {}

    def hear(self, beat: Beat, now: float) -> None:
        """Take in one beat."""
        group = self._groups.get(beat.group)
        if group is None and len(self._groups) >= MOST_GROUPS:
            return
        if group is None:
            group = self._groups[beat.group] = _Group(beat.service, now)
        group.heard = now
        if not beat.waiting or not group.waiting:
            group.waits_since = now
        group.waiting = beat.waiting
        for place, offset in beat.reads.items():
            group.reads[place] = max(offset, group.reads.get(place, 0))
            if place in group.owes and group.reads[place] >= group.owes[place][0]:
                del group.owes[place]
        for place, offset in beat.wrote.items():
            writer = (beat.instance, place)
            if offset > self._wrote.setdefault(writer, offset):
                self._wrote[writer] = offset
                self._ask_for(place, offset, now)
        while len(self._wrote) > MOST_WRITERS:
            del self._wrote[next(iter(self._wrote))]

    def _ask_for(self, place: str, offset: int, now: float) -> None:
        topic = place.rpartition("/")[0]
        for group in self._groups.values():
            reads_it = any(known.rpartition("/")[0] == topic for known in group.reads)
            if reads_it and group.reads.get(place, 0) < offset and place not in group.owes:
                group.owes[place] = (offset, now)

    def troubles(self, now: float) -> dict[str, Trouble]:
        """Return what is wrong now, by group; by service where none was ever heard of."""
        found = {}
        for name, group in self._groups.items():
            words = self._wrong(group, now)
            if words and group.service in self._expected:
                found[name] = Trouble(group.service, f"{group.service} {words}")
        heard_of = {group.service for group in self._groups.values()}
        if now - self._since > self._patience:
            for service in sorted(self._expected - heard_of):
                found[service] = Trouble(service, f"{service} was never heard of")
        return found

    def _wrong(self, group: _Group, now: float) -> str:
        silent = now - group.heard
        if silent > self._patience:
            return f"is silent for {silent:.0f} s"
        if group.waiting and now - group.waits_since > self._patience:
            return f"does no work, it waits for {group.waiting}"
        for place, (offset, since) in group.owes.items():
            if now - since > self._deafness:
                topic, _, partition = place.rpartition("/")
                return (
                    f"is deaf: {topic}[{partition}] was written up to {offset}, "
                    f"and {now - since:.0f} s later it has not come that far"
                )
        return ""
