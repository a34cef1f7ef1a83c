"""How brakes stand, told to people elsewhere (`readiness-v1`).

The threads that drill, beat and brake each leave here what they found; one more publishes it, with
a producer of its own. Nothing of this is in a brake's way: a broker that is away leaves the record
as it was, and its age tells.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from responders import guard
from responders.drill import Readiness as Rehearsed
from responders.guard import GuardState
from responders.levers import Lever, Levers
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.logs import logger
from schemas import headers
from schemas.codec import encode
from schemas.errors import PipelineError
from schemas.ids import content_id
from schemas.readiness import PreparedBrake, Readiness
from schemas.topics import READINESS
from schemas.units import MAX_CALLDATA, Height, Seconds

_log = logger(__name__)

EVERY = 2.0
"""Seconds between two looks at whether there is anything new to tell."""

REPEAT = 15.0
"""Seconds after which it is told again, new or not."""

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Now:
    """What the responder itself sees."""

    block: Height
    time: Seconds
    armed: bool
    guard: GuardState


@dataclass(frozen=True, slots=True)
class _Trial:
    trouble: str
    time: Seconds


@dataclass(frozen=True, slots=True)
class _Pulse:
    beaten: Seconds | None = None
    until: Seconds | None = None


class Noticeboard:
    """What is known of the brakes of one responder; safe to use from any thread."""

    def __init__(self, levers: Levers, look: Callable[[], Now]) -> None:
        """`look` returns how things stand at the newest block, and asks nobody."""
        self._look = look
        self._lock = threading.Lock()
        self._levers: dict[str, list[Lever]] = {}
        for lever in levers.values():
            self._levers.setdefault(lever.manifest.protocol, []).append(lever)
        self._trials: dict[tuple[str, str], _Trial] = {}
        self._pulses: dict[str, _Pulse] = {}

    def rehearsed(self, found: Iterable[Rehearsed]) -> None:
        """Note how a drill went."""
        time = self._look().time
        with self._lock:
            for one in found:
                self._trials[one.protocol, one.brake] = _Trial(one.trouble, time)

    def beaten(self, protocol: str, mined: Seconds | None, until: Seconds | None) -> None:
        """Note a heartbeat that was mined, if one was, and when the authority lapses."""
        with self._lock:
            pulse = self._pulses.get(protocol, _Pulse())
            self._pulses[protocol] = replace(
                pulse, beaten=pulse.beaten if mined is None else mined, until=until
            )

    def told(self) -> tuple[Readiness, ...]:
        """Return how each protocol's brakes stand now."""
        now = self._look()
        with self._lock:
            return tuple(self._of(protocol, own, now) for protocol, own in self._levers.items())

    def _of(self, protocol: str, own: Sequence[Lever], now: Now) -> Readiness:
        manifest, limits = own[0].manifest, own[0].limits
        pulse = self._pulses.get(protocol, _Pulse())
        return Readiness(
            id=content_id("readiness", manifest.chain, protocol, now.block),
            chain=manifest.chain,
            protocol=protocol,
            block=now.block,
            time=now.time,
            armed=now.armed,
            brakes=tuple(self._prepared(lever) for lever in own[:64]),
            brakes_left=guard.brakes_left(now.guard, guard.Request(protocol, "", now.time), limits),
            brakes_per_window=limits.brakes_per_window,
            window_seconds=limits.window_seconds,
            heartbeat=pulse.beaten,
            authority_until=pulse.until,
        )

    def _prepared(self, lever: Lever) -> PreparedBrake:
        plan = lever.adapter.plan()
        trial = self._trials.get((lever.manifest.protocol, lever.brake.name))
        return PreparedBrake(
            brake=lever.brake.name,
            adapter=lever.brake.adapter,
            scope=plan.scope,
            target=lever.target,
            calldata=plan.calldata if _shown(lever) else "0x",
            release=lever.adapter.describe_release()[:_LONGEST],
            also_stops=tuple(sorted(lever.also_stops)),
            lapses_after=plan.lapses_after,
            rehearsed=None if trial is None else trial.time,
            trouble="" if trial is None else trial.trouble[:_LONGEST],
        )


class Teller:
    """Publishes how brakes stand: at once when it changed, and every so often when it did not, so
    that silence means something."""

    def __init__(self, board: Noticeboard, producer: Producer, clock: Clock) -> None:
        self._board = board
        self._producer = producer
        self._clock = clock
        self._told: dict[str, tuple[Readiness, float]] = {}

    def run(self, stop: threading.Event) -> None:
        """Publish until told to stop."""
        while not stop.is_set():
            self.tell()
            stop.wait(EVERY)
        self._producer.close()

    def tell(self) -> None:
        """Publish what is due. What could not be sent is told the next time."""
        now = self._clock.monotonic()
        due = [record for record in self._board.told() if self._is_due(record, now)]
        if not due:
            return
        told_at = headers.hop_headers({"published": self._clock.now_ns()})
        try:
            for record in due:
                key = record.protocol.encode()
                self._producer.send(READINESS.name, encode(record), key=key, headers=told_at)
            self._producer.flush()
        except PipelineError as error:
            _log.warning("readiness_not_told", error=str(error))
            return
        for record in due:
            self._told[record.protocol] = record, now

    def _is_due(self, record: Readiness, now: float) -> bool:
        before = self._told.get(record.protocol)
        if before is None or now - before[1] >= REPEAT:
            return True
        as_before = msgspec.structs.replace(
            record, id=before[0].id, block=before[0].block, time=before[0].time
        )
        return as_before != before[0]


def _shown(lever: Lever) -> bool:
    """Say whether the call is known, and short enough for a record."""
    calldata = lever.adapter.plan().calldata
    return len(calldata) <= 2 + 2 * MAX_CALLDATA and not lever.unnamed
