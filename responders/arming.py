"""Tells everyone when a responder begins to sign brakes, and when it stops: before the one, and as
soon as the other is noticed."""

from pathlib import Path

from responders.outlook import Outlook
from responders.switch import Switch
from runtime.announcement import publish
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.changes import Arming, Intent
from schemas.errors import PipelineError
from schemas.ids import content_id
from schemas.topics import AUTHORITY

_log = logger(__name__)

_LONGEST_REASON = 500
_MOST_KEYS = 16
_LONGEST_PATH = 4096


class ArmingWatch:
    """Looks whether brakes may be signed, and publishes each change; the first look is one.

    From its making on, nothing is signed before the topic has it that this responder is armed. To
    stop waits for nothing: disarming must work without any topic. If the topic does not take that,
    it is said at the next look, and counted as a fault of the chain's brakes. One thread looks.
    """

    def __init__(
        self,
        outlook: Outlook,
        switch: Switch,
        producer: Producer,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        """`producer` has nothing else to send."""
        self._outlook = outlook
        self._switch = switch
        self._producer = producer
        self._clock = clock
        self._told: tuple[bool, str, tuple[str, ...]] | None = None
        self._on_record = False
        self._under_way = False
        """Whether it may still fail to be told that this is disarmed."""
        self._faults = metrics.brake_faults.labels(outlook.chain.name, "disarming_not_recorded")
        outlook.on_record = self.recorded

    def recorded(self) -> bool:
        """Look; say whether everyone knows by now that this is armed."""
        self.look()
        return self._on_record

    def look(self) -> None:
        """Publish how it stands, if that is new; return once the topic has it that this is armed,
        and wait for nothing else. Raises as `Producer.flush` does."""
        reason, keys = self._switch.told()
        armed = self._outlook.switched_on
        now = (armed, "" if armed else reason, keys)
        if now != self._told:
            self._on_record = self._on_record and armed  # by whose keys, may be told beside brakes
            self._publish(*now)
            self._told = now
            self._under_way = not armed
        if armed and not self._on_record:
            self._producer.flush()
            self._on_record = True
        if self._under_way and not self._producer.waiting():
            self._settle()

    def _settle(self) -> None:
        """Say so if the topic did not take it that this is disarmed. Nothing is waited for."""
        self._under_way = False
        try:
            self._producer.flush()
        except PipelineError as error:
            self._faults.inc()
            _log.error("disarming_not_recorded", error=str(error))

    def _publish(self, armed: bool, reason: str, keys: tuple[str, ...]) -> None:  # noqa: FBT001 - it is what is told
        time = self._clock.now_ns() // 1000
        chain = self._outlook.chain.name
        change = Arming(
            id=content_id("arming", "respond", chain, time, int(armed)),
            service="respond",
            chain=chain,
            time=time,
            armed=armed,
            reason=reason[:_LONGEST_REASON],
            keys=keys[:_MOST_KEYS],
        )
        publish(self._producer, AUTHORITY, change)
        _log.info("armed" if armed else "disarmed", reason=reason, keys=keys)


def intent(switch: Path, time: int, *, key: str = "", reason: str = "") -> Intent:
    """Return what is told before a switch is touched: with a key's id it arms, with none it
    disarms. `time` is in microseconds."""
    path = str(switch.absolute())[-_LONGEST_PATH:]
    return Intent(
        id=content_id("intent", "respond", path, time, key),
        service="respond",
        time=time,
        armed=bool(key),
        switch=path,
        reason=reason[:_LONGEST_REASON],
        key=key,
    )
