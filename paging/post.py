"""Each message arrives somewhere, or is said to have failed. One channel never waits for another.

A channel takes one message at a time; what is to be said meanwhile goes into the next one, so a
flood of cases is a few long messages and not a flood (`batches.next_batch`). A message that is not
taken is tried again twice. A channel that does not even answer counts as failed, and takes nothing
until it does.
"""

import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from paging.batches import Parcel, next_batch
from paging.channels import Channel
from paging.words import Message, together
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics

_log = logger(__name__)

TRIES = 3
PAUSES = (2.0, 8.0)
"""Seconds before the second try and the third."""

ANSWER_SECONDS = 20.0
"""Longer than Apprise's own patience with a server, which is 4 s to connect and 4 s to answer."""


class Outcome(NamedTuple):
    """What became of a parcel."""

    channel: str
    parcel: Parcel
    ok: bool


@dataclass(slots=True)
class _Lane:
    waiting: list[Parcel] = field(default_factory=list)
    carried: list[Parcel] = field(default_factory=list)
    tries: int = 0
    next_at: float = 0.0
    began: float | None = None
    """When the message that is under way was handed over; None when none is."""
    gave_up: bool = False
    answers: "queue.SimpleQueue[bool]" = field(default_factory=queue.SimpleQueue)


class Post:
    """Carries lines to channels."""

    def __init__(self, channels: Mapping[str, Channel], clock: Clock, metrics: Metrics) -> None:
        self._channels = channels
        self._clock = clock
        self._metrics = metrics
        self._lanes = {name: _Lane() for name in channels}
        for name in channels:
            for result in ("taken", "failed"):
                metrics.notifications.labels(name, result)

    @property
    def channels(self) -> tuple[str, ...]:
        """Return every channel, in the order of the settings."""
        return tuple(self._channels)

    def offer(self, channel: str, parcel: Parcel) -> None:
        """Have a line said; `turn` tells what became of it."""
        self._lanes[channel].waiting.append(parcel)

    def turn(self) -> list[Outcome]:
        """Hand over what is due, take in what was answered. Never waits."""
        now = self._clock.monotonic()
        found: list[Outcome] = []
        for name, lane in self._lanes.items():
            found += self._turn(name, lane, now)
        return found

    def _turn(self, name: str, lane: _Lane, now: float) -> list[Outcome]:
        found: list[Outcome] = []
        if lane.began is not None:
            found = self._answered(name, lane, now)
        if lane.gave_up:
            found += self._done(name, lane.waiting, ok=False)
            lane.waiting = []
        elif lane.began is None and (lane.carried or lane.waiting) and now >= lane.next_at:
            channel = self._channels[name]
            if not (lane.carried and channel.apart):
                more, lane.waiting = next_batch(lane.waiting, apart=channel.apart)
                lane.carried += more
            lane.began = now
            message = together([parcel.line for parcel in lane.carried], channel.room)
            work = partial(_tell, name, channel, message, lane.answers)
            threading.Thread(target=work, name=f"channel-{name}", daemon=True).start()
        return found

    def _answered(self, name: str, lane: _Lane, now: float) -> list[Outcome]:
        try:
            ok = lane.answers.get_nowait()
        except queue.Empty:
            if lane.gave_up or lane.began is None or now - lane.began < ANSWER_SECONDS:
                return []
            lane.gave_up = True
            _log.error("channel_hangs", channel=name, seconds=ANSWER_SECONDS)
            carried, lane.carried, lane.tries = lane.carried, [], 0
            return self._done(name, carried, ok=False)
        lane.began = None
        if lane.gave_up:
            lane.gave_up = False  # what it took at last was said through another channel
            return []
        lane.tries += 1
        if not ok and lane.tries < TRIES:
            lane.next_at = now + PAUSES[lane.tries - 1]
            return []
        if not ok:
            _log.error("channel_failed", channel=name, tries=lane.tries)
        carried, lane.carried, lane.tries, lane.next_at = lane.carried, [], 0, now
        return self._done(name, carried, ok=ok)

    def _done(self, name: str, parcels: list[Parcel], *, ok: bool) -> list[Outcome]:
        result = "taken" if ok else "failed"
        self._metrics.notifications.labels(name, result).inc(len(parcels))
        return [Outcome(name, parcel, ok) for parcel in parcels]


def _tell(
    name: str, channel: Channel, message: Message, answers: "queue.SimpleQueue[bool]"
) -> None:
    try:
        answers.put(channel.tell(message))
    except Exception as error:  # noqa: BLE001 - a plug-in of a library: whatever it is, it failed
        _log.error("channel_failed", channel=name, error=str(error), kind=type(error).__name__)
        answers.put(False)  # noqa: FBT003 - the answer
