"""What the pager's tests stand on: a clock, channels that fail on demand, a broker in memory."""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paging.ladders import Ladder, Ladders, Step
from paging.outward import Outward
from paging.pager import Pager
from paging.post import Post
from paging.rounds import Rounds
from paging.rules import Desk, Rules
from paging.store import PageStore
from paging.words import ROOM, Message
from runtime.keepers import CaseIntake, Keepers
from runtime.loop import Loop
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.alerts import Severity
from schemas.codec import encode
from schemas.ids import content_id, incident_id
from schemas.incidents import Acknowledged, Incident, Phase
from schemas.operations import Beat
from schemas.readiness import PreparedBrake, Readiness
from schemas.topics import BEATS, DEAD_LETTERS, INCIDENTS, PAGES, READINESS

NOW = 1_767_225_600
MINUTE = 60_000
LADDERS: Ladders = {
    "critical": Ladder((Step(0, ("phone", "chat")), Step(5 * MINUTE, ("lead",))), 15 * MINUTE),
    "medium": Ladder((Step(0, ("chat",)),), 60 * MINUTE),
}


class Hands:
    """A clock that is moved by hand; waiting threads are let run meanwhile."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now_ns(self) -> int:
        return int((NOW + self.seconds) * 1e9)

    def monotonic(self) -> float:
        return self.seconds


class Ear:
    """A channel that remembers, and may be down."""

    room, apart = ROOM, False

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.up = True
        self.asked = 0

    def tell(self, message: Message) -> bool:
        self.asked += 1
        if self.up:
            self.heard.append(message)
        return self.up


def case(
    name: str = "0x1",
    severity: Severity = "critical",
    phase: Phase = "respond",
    acknowledged: Severity | None = None,
    latest: int = NOW,
) -> Incident:
    said = None if acknowledged is None else Acknowledged(by="alice", severity=acknowledged)
    return Incident(
        id=incident_id("eip155:1", "meadow", name),
        chain="eip155:1",
        protocol="meadow",
        phase=phase,
        severity=severity,
        summary="912 of 1,000 WETH left",
        opened=latest,
        latest=latest,
        sightings=(),
        acknowledged=said,
    )


def beat(service: str, number: int = 0, **parts: object) -> Beat:
    named = {"group": f"firebreak-{service}", "instance": "one"} | parts
    return Beat(id="0" * 64, service=service, number=number, **named)  # type: ignore[arg-type]


def readiness(protocol: str = "meadow", rehearsed: int | None = NOW, **troubles: str) -> Readiness:
    """How brakes stand: by name, why each would not work."""
    return Readiness(
        id=content_id("readiness", protocol),
        chain="eip155:1",
        protocol=protocol,
        block=1,
        time=NOW,
        armed=True,
        brakes=tuple(
            PreparedBrake(
                brake=name,
                adapter="pausable",
                scope="T2",
                target="eip155:1:0x" + "aa" * 20,
                calldata="0x8456cb59",
                release="its owner",
                rehearsed=rehearsed,
                trouble=trouble,
            )
            for name, trouble in troubles.items()
        ),
        brakes_left=1,
        brakes_per_window=1,
        window_seconds=3600,
    )


class Outside(Outward):
    """Remembers when the pager last heard itself, and asks nobody."""

    def __init__(self) -> None:
        self.heard = float("-inf")

    def turn(self, heard: float) -> None:
        self.heard = heard


class Office:
    """Pagers on one broker, with the channels that they share."""

    def __init__(self, watch: Sequence[str] = (), keepers: Keepers | None = None) -> None:
        self.clock = Hands()
        self.ears: dict[str, Any] = {name: Ear() for name in ("phone", "chat", "lead")}
        self.broker = MemoryBroker()
        self.broker.create((INCIDENTS, PAGES, BEATS, READINESS, DEAD_LETTERS))
        self.metrics = Metrics()
        self.outside = Outside()
        self._rules = Rules(LADDERS, LADDERS["critical"], tuple(watch), 10.0, 86_400)
        self._keepers = keepers or Keepers()
        self.loop = self._loop()

    def _loop(self) -> Loop:
        producer = self.broker.producer()
        intake = CaseIntake(producer, self.metrics, "page", self._keepers, fuse=None)
        desk = Desk(intake, self.clock, self.metrics, self.outside)
        rounds = Rounds(Post(self.ears, self.clock, self.metrics))
        pager = Pager(self._rules, self.broker, PageStore(self.broker, producer), rounds, desk)
        self.pager = pager
        self._consumer = self.broker.consumer("page")
        loop = Loop(self._consumer, pager, self.clock)
        self._consumer.subscribe(pager.topics, loop)
        return loop

    def restart(self) -> None:
        """Kill the pager and start another."""
        self.broker._members.clear()
        self.loop = self._loop()

    def without(self, severity: str) -> None:
        """Start another, that is told of nobody for this severity."""
        kept = {name: ladder for name, ladder in LADDERS.items() if name != severity}
        self._rules = replace(self._rules, ladders=kept)
        self.restart()

    def publish(self, *records: Incident | Beat | Readiness) -> None:
        for record in records:
            topic, key = BEATS, "x"
            if isinstance(record, Incident):
                topic, key = INCIDENTS, f"{record.protocol}/{record.id}"
            elif isinstance(record, Readiness):
                topic, key = READINESS, record.protocol
            self.broker.producer().send(topic.name, encode(record), key=key.encode())

    def after(self, seconds: float = 0.0) -> None:
        """Let time pass, then let everything that is due happen."""
        self.clock.seconds += seconds
        for _ in range(6):
            self.loop.step()
            time.sleep(0.002)

    def titles(self) -> dict[str, list[str]]:
        return {name: [message.title for message in ear.heard] for name, ear in self.ears.items()}

    def said(self) -> str:
        """Return every title that anybody was told."""
        return " ".join(title for titles in self.titles().values() for title in titles)

    def counts(self) -> tuple[int, int, int]:
        """How many messages phone, chat and lead were told."""
        phone, chat, lead = (len(self.ears[name].heard) for name in ("phone", "chat", "lead"))
        return phone, chat, lead
