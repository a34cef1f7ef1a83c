"""The page service: cases and beats in, messages to people out.

A rung is remembered as told after it was told: killed in between, it is told once more. A partition
of cases belongs to one replica, with its pages; the beats, of one partition, are another's or the
same one's to listen to.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace

from paging import pages, words
from paging.book import At, Book
from paging.ladders import Ladder, Ladders
from paging.outward import Outward
from paging.rounds import Rounds
from paging.store import PageStore
from paging.watch import Watch
from runtime.beats import instance
from runtime.broker import Broker, Message, Offsets, Partition
from runtime.clock import Clock
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.alerts import SEVERITIES
from schemas.incidents import Incident
from schemas.operations import Beat
from schemas.paging import Page, Telling
from schemas.topics import BEATS, INCIDENTS

_log = logger(__name__)

SERVICE = "page"


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is told of what."""

    ladders: Ladders
    silence: Ladder
    watch: tuple[str, ...]
    period: float
    """Seconds between two beats."""
    newest: int
    """Seconds; see `pages.after_case`."""
    console: str = ""
    """Where people take a case in hand with a click, '' where there is no such page."""
    explorers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By chain and protocol, where people look at the chain, as the manifests say."""

    def explorer(self, page: Page) -> str:
        """Return the explorer of a page's case, '' where no manifest names one."""
        return self.explorers.get((page.chain, page.protocol), "")


class _Telling(NamedTuple):
    """A round of one case, for the severity that it had since then."""

    at: At
    since: int


class _Silence:
    """That a service does not do its work, and how often it was told. Kept in memory: a new replica
    finds it out anew."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.due = since
        self.rung = 0
        self.told: dict[str, None] = {}
        """The channels that know of it, in order."""


class Pager:
    """What the consumer loop runs (`runtime.loop.Task`)."""

    topics = (INCIDENTS.name, BEATS.name)

    def __init__(
        self, rules: Rules, broker: Broker, store: PageStore, rounds: Rounds, desk: "Desk"
    ) -> None:
        self._rules = rules
        self._broker = broker
        self._store = store
        self._rounds = rounds
        self._intake = desk.intake
        self._clock = desk.clock
        self._metrics = desk.metrics
        self._outward = desk.outward
        self._pages = Book()
        self._watch: Watch | None = None
        self._silences: dict[str, _Silence] = {}
        self._heard_itself = float("-inf")
        for severity in SEVERITIES:
            self._metrics.pages.labels(severity)
        self._show_silent(frozenset())

    def _show_silent(self, silent: Collection[str]) -> None:
        for service in self._rules.watch:
            self._metrics.silent.labels(service).set(service in silent)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Remember what was told; listen to beats from now on."""
        starts = {}
        for partition in partitions:
            if partition.topic == BEATS.name:
                now = self._clock.monotonic()
                self._watch = Watch(self._rules.watch, self._rules.period, now)
                _, starts[partition] = self._broker.bounds(partition)
                continue
            self._store.restore(partition.number, partial(self._restored, partition.number))
        return starts

    def _restored(self, partition: int, key: str, page: Page) -> None:
        self._pages.put((partition, key), page)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget what somebody else sees to now."""
        self._pages.release({spot.number for spot in partitions if spot.topic == INCIDENTS.name})
        if any(spot.topic == BEATS.name for spot in partitions):
            self._watch = None
            self._silences.clear()
            self._show_silent(frozenset())

    def process(self, batch: Sequence[Message]) -> None:
        """Take in cases and beats."""
        for message, record in self._intake.read_all(batch):
            if isinstance(record, Incident):
                self._take(message, record)
            elif isinstance(record, Beat) and self._watch is not None:
                self._watch.hear(record, self._clock.monotonic())
                if (record.service, record.instance) == (SERVICE, instance()):
                    self._heard_itself = self._clock.monotonic()

    def _take(self, message: Message, case: Incident) -> None:
        at = message.partition, (message.key or b"").decode(errors="replace")
        before = self._pages.get(at)
        rules = self._rules
        page = pages.after_case(before, case, rules.ladders, self._now(), rules.newest)
        if page is None or page == before:
            return
        self._save(at, page)
        if page.ended:
            line = words.of_ending(page)
            self._rounds.begin(("over", at), pages.told_so_far(page), line)
            _log.info("page_ended", case=page.incident, why=page.ended, by=page.by)
        elif before is None or before.ended or page.since != before.since:
            self._metrics.pages.labels(page.severity).inc()

    def _save(self, at: At, page: Page) -> None:
        self._store.save(*at, page)
        self._pages.put(at, page)

    def tick(self) -> None:
        """Tell whoever is due, take in who was told."""
        now = self._now()
        for at, page in self._pages.open():
            if not pages.is_due(page, now):
                continue
            ladder = self._rules.ladders.get(page.severity)
            if ladder is None:  # there was one when the page was begun: settings changed since
                self._save(at, replace(page, ended="closed"))
                continue
            self._rounds.begin(
                _Telling(at, page.since),
                ladder.tell(page.rung),
                words.of_page(page, self._rules.console, self._rules.explorer(page)),
            )
        self._listen(now)
        for about, answers in self._rounds.turn():
            self._told(about, answers, now)
        self._metrics.pages_open.set(len(self._pages.open()))
        if self._outward is not None and self._watch is not None:
            self._outward.turn(self._heard_itself)

    def _listen(self, now: int) -> None:
        if self._watch is None:
            return
        troubles = self._watch.troubles(self._clock.monotonic())
        for name, trouble in troubles.items():
            silence = self._silences.setdefault(name, _Silence(now))
            if silence.due <= now:
                line = words.of_silence(trouble.words, silence.rung)
                self._rounds.begin(name, self._rules.silence.tell(silence.rung), line)
        for name in self._silences.keys() - troubles.keys():
            if self._rounds.under_way(name):
                continue  # its end is said after it, not before
            silence = self._silences.pop(name)
            self._rounds.begin(("over", name), tuple(silence.told), words.of_return(name))
        self._show_silent({trouble.service for trouble in troubles.values()})

    def _told(self, about: Hashable, answers: tuple[tuple[str, bool], ...], now: int) -> None:
        if isinstance(about, str) and about in self._silences:
            silence, taken = self._silences[about], [name for name, ok in answers if ok]
            silence.told |= dict.fromkeys(taken)
            silence.rung += bool(taken)
            retry = now + pages.RETRY
            ladder = self._rules.silence
            silence.due = ladder.due(silence.since, silence.rung, now) if taken else retry
        elif isinstance(about, _Telling):
            page = self._pages.get(about.at)
            if page is None or page.since != about.since:
                return  # it became graver meanwhile, and that is told by itself
            told = tuple(
                Telling(channel=name, rung=page.rung, at=now, ok=ok) for name, ok in answers
            )
            self._save(about.at, pages.after_telling(page, told, self._rules.ladders, now))

    def _now(self) -> int:
        return self._clock.now_ns() // 1_000_000

    def checkpoint(self, offsets: Offsets) -> None:
        """Nothing is left to do: a page was kept before its case counted as taken in."""

    def ready(self) -> bool:
        """It can always take more."""
        return True


@dataclass(frozen=True, slots=True)
class Desk:
    """What a pager works with."""

    intake: Intake
    clock: Clock
    metrics: Metrics
    outward: Outward | None
