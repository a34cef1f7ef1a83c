"""The page service: cases, beats and how brakes stand in, messages to people out.

A rung is remembered as told after it was told: killed in between, it is told once more. A partition
of cases belongs to one replica, with its pages; the beats, of one partition, are another's or the
same one's to listen to, and so is how brakes stand.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from paging import pages, words
from paging.book import At, Book
from paging.recall import recall
from paging.rounds import Rounds
from paging.rules import Desk, Rules
from paging.silence import Silences
from paging.standing import Standing
from paging.store import PageStore
from paging.unready import Unready
from runtime.broker import Broker, Message, Offsets, Partition
from runtime.logs import logger
from schemas.alerts import SEVERITIES
from schemas.incidents import Incident
from schemas.operations import Beat
from schemas.paging import Page, Telling
from schemas.readiness import Readiness
from schemas.topics import BEATS, INCIDENTS, READINESS

_log = logger(__name__)


class _Telling(NamedTuple):
    """A round of one case, for the severity that it had since then."""

    at: At
    since: int


class Pager:
    """What the consumer loop runs (`runtime.loop.Task`)."""

    topics = (INCIDENTS.name, BEATS.name, READINESS.name)

    def __init__(
        self, rules: Rules, broker: Broker, store: PageStore, rounds: Rounds, desk: Desk
    ) -> None:
        self._rules = rules
        self._broker = broker
        self._store = store
        self._rounds = rounds
        self._intake = desk.intake
        self._clock = desk.clock
        self._metrics = desk.metrics
        self._pages = Book()
        self._silences = Silences(rules, rounds, desk)
        self._brakes = Unready()
        self._unready = Standing(rounds, rules.silence)
        for severity in SEVERITIES:
            self._metrics.pages.labels(severity)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Remember what was told; listen to beats, and to how brakes stand, from now on."""
        starts = {}
        for partition in partitions:
            if partition.topic == INCIDENTS.name:
                self._recall(partition.number)
                continue
            if partition.topic == BEATS.name:
                self._silences.listen()
            _, starts[partition] = self._broker.bounds(partition)
        return starts

    def _recall(self, partition: int) -> None:
        keepers = self._intake.keepers
        recall(self._broker, self._store, partition, self._pages, keepers, self._borne_out)

    def _borne_out(self, page: Page, case: Incident) -> Page | None:
        rules = self._rules
        return pages.remembered(page, case, rules.ladders, self._now(), rules.newest)

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget what somebody else sees to now."""
        self._pages.release({spot.number for spot in partitions if spot.topic == INCIDENTS.name})
        topics = {spot.topic for spot in partitions}
        if BEATS.name in topics:
            self._silences.stop()
        if READINESS.name in topics:
            self._brakes.forget()
            self._unready.clear()

    def process(self, batch: Sequence[Message]) -> None:
        """Take in cases, beats and how brakes stand."""
        for message, record in self._intake.read_all(batch):
            if isinstance(record, Incident):
                self._take(message, record)
            elif isinstance(record, Beat):
                self._silences.hear(record)
            elif isinstance(record, Readiness):
                self._brakes.hear(record, self._clock.monotonic())

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
            asked = self._rounds.asked(_Telling(at, page.since))
            know = dict.fromkeys((*pages.told_so_far(page), *asked))
            self._rounds.begin((page.ended, at), tuple(know), line)
            _log.info("page_ended", case=page.incident, why=page.ended, by=page.by)
        elif before is None or before.ended or page.since != before.since:
            self._metrics.pages.labels(page.severity).inc()

    def _save(self, at: At, page: Page) -> None:
        self._store.save(*at, page)
        forgotten = self._pages.put(at, page)
        if forgotten is not None:
            self._store.forget(*forgotten)

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
        self._silences.turn(now)
        standing = self._brakes.troubles(self._clock.monotonic())
        self._unready.turn(standing, self._brakes.over, now)
        for about, answers in self._rounds.turn():
            self._told(about, answers, now)
        self._metrics.pages_open.set(len(self._pages))
        self._silences.ping()

    def _told(self, about: Hashable, answers: tuple[tuple[str, bool], ...], now: int) -> None:
        if not isinstance(about, _Telling):
            self._silences.told(about, answers, now)
            self._unready.told(about, answers, now)
            return
        page = self._pages.get(about.at)
        if page is None or page.since != about.since:
            return  # it became graver meanwhile, and that is told by itself
        told = tuple(Telling(channel=name, rung=page.rung, at=now, ok=ok) for name, ok in answers)
        self._save(about.at, pages.after_telling(page, told, self._rules.ladders, now))

    def _now(self) -> int:
        return self._clock.now_ns() // 1_000_000

    def checkpoint(self, offsets: Offsets) -> None:
        """Nothing is left to do: a page was kept before its case counted as taken in."""

    def ready(self) -> bool:
        """It can always take more."""
        return True
