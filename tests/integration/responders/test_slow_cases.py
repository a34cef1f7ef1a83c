"""A keeper of cases that is slow beside a responder, on one broker and a node."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from incidents.casework import Casework
from incidents.service import run as keep_cases
from runtime.broker import Message
from runtime.kafka import KafkaBroker
from runtime.service import Service
from runtime.settings import KafkaSettings, Settings
from schemas.codec import encode
from schemas.topics import ALERTS
from tests.integration.incidents.running import create_topics, newest_cases
from tests.integration.responders.serving import Run, Setting, running, until
from tests.unit.incidents.builders import alert

pytestmark = [pytest.mark.node, pytest.mark.kafka]

BEFORE = 200
"""Alerts of another protocol: a minute of work, at this pace; a case keeps as many by name."""

A_RECORD = 0.3
"""Seconds that it takes over each."""


def test_cases_that_come_late_hold_up_no_brake_and_show_and_none_is_passed_over(
    setting: Setting,
    run: Run,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_topics(broker)
    slow, work = Event(), Casework.work

    def slowly(self: Casework, message: Message, kept: bytes | None) -> bytes | None:
        time.sleep(A_RECORD if slow.is_set() else 0)
        return work(self, message, kept)

    monkeypatch.setattr(Casework, "work", slowly)
    slow.set()
    service = Service("incidents")
    settings = Settings(
        home=setting.folder / "cases",
        kafka=KafkaSettings(bootstrap_servers=bootstrap, namespace=namespace),
    )

    def behind() -> float:
        """What CasesWait goes by."""
        rows = next(iter(service.metrics.lag.collect())).samples
        return sum(row.value for row in rows if row.labels["topic"] == ALERTS.name)

    with ThreadPoolExecutor(1) as hands:
        keeping = hands.submit(asyncio.run, keep_cases(settings, service, None))
        try:
            for number in range(BEFORE):
                other = encode(alert(number, protocol="brook"))
                setting.producer.send(ALERTS.name, other, key=b"brook")
            setting.producer.flush()
            until(lambda: behind() > 0)
            with running(run("--armed")):
                setting.publish(setting.place.alert(1))
                until(lambda: setting.actions.states()[-1:] == ["broadcast"])
                setting.mine_until("final")
            assert setting.place.paused()
            assert behind() > 0, "the brake held before the keeper of cases had caught up"
            slow.clear()
            until(lambda: behind() == 0)
            cases = newest_cases(broker)
            assert {case.protocol: len(case.sightings) for case in cases.values()} == {
                "brook": BEFORE,
                "meadow": 1,
            }
            braked = next(case for case in cases.values() if case.protocol == "meadow")
            until(lambda: newest_cases(broker)[f"meadow/{braked.id}"].phase == "recover")
            assert not keeping.done(), "slow is not dead: nothing else pages"
        finally:
            slow.clear()
            service.stop.set()
            keeping.result(60)
