"""A true attack's brake behind thousands of decoys: a real broker, a real node, a real process.

The node mines nothing, so the pool stays open and every true alert calls for a brake again; the
manifest's limits are lifted, and each true alert is an incident of its own, hours apart.
"""

import time

import msgspec
import pytest

from sandbox.process import ChildProcess
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.codec import decode, encode
from schemas.headers import hop_headers
from schemas.topics import ALERTS
from tests.integration.responders.serving import Run, Setting, running
from tests.unit.responders.examples import vote
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka, pytest.mark.slow]

DECOYS, WAVES, BLOCKS = 2_000, 30, 20
"""Alerts in front of every other wave's true one; they are of this many blocks."""

SLO = 2.0
"""Seconds for 99 of 100, on a machine that also runs the node, the broker and the flood."""

APART = 7200
LIFTED = """
[limits]
brakes_per_window = 1000000
cooldown_seconds = 0
alert_blocks = 1000
"""
LONELY = (vote("asset-outflow"),)
DECOYER = "0x" + "e1" * 20
"""Who makes the decoys, so that each is tied to the others."""


class Flood:
    """Everything signed before the clock runs, so that it costs the responder alone."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        path = setting.folder / "protocols" / "meadow.toml"
        path.write_text(path.read_text() + LIFTED)
        setting.place.hands.mine()
        for _ in range(BLOCKS):
            setting.place.hands.mine(12)
        self._seen = setting.place.alert()

    def decoy(self, number: int) -> bytes:
        block = self._seen.block - number % BLOCKS
        ties = {"sender": DECOYER, "losing": (self.setting.place.world.pool.address,)}
        seen = {"votes": LONELY, "p_value": 1e-3, "block": block, "block_hash": hex(block)}
        return self._told(number, **seen | ties)

    def attack(self, number: int) -> bytes:
        return self._told(number, timestamp=self._seen.timestamp + APART * number)

    def _told(self, number: int, **changes: object) -> bytes:
        name = {"id": f"{number:064x}", "tx": f"0x{number:064x}"}
        alert: Alert = msgspec.structs.replace(self._seen, **name | changes)
        return encode(alert)

    def send(self, values: list[tuple[bytes, bool]]) -> None:
        detector, producer = self.setting.detector, self.setting.producer
        signed = [(v, detector.sign(v, sequence=1, expires=10**6), t) for v, t in values]
        for value, headers, true in signed:
            beside = hop_headers({"received": time.time_ns()}) if true else ()
            producer.send(ALERTS.name, value, key=b"meadow", headers=(*headers, *beside))
        producer.flush()


def taken(setting: Setting) -> list[float]:
    """Return, in seconds, how long each brake took from its alert to the node."""
    topic = setting.actions
    topic.read()
    return [
        (hops["sent"] - hops["received"]) / 1e9
        for value, hops in zip(topic.values, topic.headers, strict=True)
        if decode(value, Action).state == "broadcast" and "received" in hops
    ]


def flooded(setting: Setting, process: ChildProcess) -> tuple[list[float], list[float]]:
    """Send all waves; return the times, sorted, of attacks alone and of those behind decoys."""
    flood = Flood(setting)
    with running(process):
        for wave in range(1, 2 * WAVES + 2):
            first = wave * (DECOYS + 1)
            decoys = range(first, first + (DECOYS if wave % 2 else 0) if wave > 1 else first)
            values = [(flood.decoy(number), False) for number in decoys]
            flood.send([*values, (flood.attack(first + DECOYS), True)])
            until(lambda: len(taken(setting)) >= wave, 90)  # noqa: B023 - waited for here
    times = taken(setting)[1:]
    return sorted(times[::2]), sorted(times[1::2])


def test_a_flood_of_decoys_does_not_keep_a_brake_waiting(setting: Setting, run: Run) -> None:
    process = run("--armed")
    alone, behind = flooded(setting, process)
    p99 = SLO
    for what, times in (("alone", alone), (f"behind {DECOYS} decoys", behind)):
        p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        print(f"{len(times)} brakes {what}: p50 {p50:.3f} s, p99 {p99:.3f} s")  # noqa: T201
        assert p99 < SLO, what
