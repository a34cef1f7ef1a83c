"""Tells everyone when a responder begins to sign brakes, and when it stops."""

from responders.outlook import Outlook
from responders.switch import Switch
from runtime.announcement import publish
from runtime.broker import Producer
from runtime.clock import Clock
from runtime.logs import logger
from schemas.changes import Arming
from schemas.ids import content_id

_log = logger(__name__)

_LONGEST_REASON = 500
_MOST_KEYS = 16


class ArmingWatch:
    """Looks whether brakes are signed, and publishes each change; the first look is one.

    Looked at before alerts are read, so a brake that is signed afterwards stands behind it on its
    way to the record. Nothing waits for it: disarming must work without any topic.
    """

    def __init__(self, outlook: Outlook, switch: Switch, producer: Producer, clock: Clock) -> None:
        self._outlook = outlook
        self._switch = switch
        self._producer = producer
        self._clock = clock
        self._told: tuple[bool, str, tuple[str, ...]] | None = None

    def look(self) -> None:
        """Publish how it stands, if that is new."""
        reason, keys = self._switch.told()
        armed = self._outlook.armed
        now = (armed, "" if armed else reason, keys)
        if now == self._told:
            return
        self._told = now
        time = self._clock.now_ns() // 1000
        chain = self._outlook.chain.name
        publish(
            self._producer,
            Arming(
                id=content_id("arming", "respond", chain, time, int(armed)),
                service="respond",
                chain=chain,
                time=time,
                armed=armed,
                reason=now[1][:_LONGEST_REASON],
                keys=keys[:_MOST_KEYS],
            ),
        )
        _log.info("armed" if armed else "disarmed", reason=now[1], keys=keys)
