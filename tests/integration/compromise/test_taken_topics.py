"""Each topic in a stranger's hands: what a writer there can bring about, on a real broker and node
where that is what it is about."""

import pytest

from runtime.broker import Partition
from runtime.signatures import Verifier, key_id
from sandbox.process import ChildProcess
from schemas.codec import encode
from schemas.services import SERVICES
from schemas.topics import (
    ACTIONS,
    ALERTS,
    ASSESSMENTS,
    BEATS,
    CONSENTS,
    DEPLOYMENTS,
    EVENTS,
    FINDINGS,
    FUND_FLOWS,
    INCIDENTS,
    PAGES,
    READINESS,
    RECOVERIES,
    SIGNALS,
    TRANSACTIONS,
    TopicSpec,
)
from tests.integration.responders.serving import Run, Setting, running, until
from tests.unit.detectors.test_service import KEY, Bench, tx

FORGED = 20


def _mined(setting: Setting, state: str) -> bool:
    setting.place.hands.mine()
    return state in setting.actions.states()


def test_only_alerts_lead_to_a_brake() -> None:
    """Whatever else is written anywhere: who brakes does not read it, save other operators' words,
    which are counted for a brake of its own, neighbours' signals, which pull none, and what other
    replicas did, which may keep a brake back (`unit/responders/test_succession.py`)."""
    assert SERVICES["respond"].reads == (ALERTS, ACTIONS, CONSENTS, SIGNALS)
    assert {name for name, one in SERVICES.items() if ALERTS in one.writes} == {"detect", "vet"}
    for topic in (INCIDENTS, RECOVERIES, FINDINGS, ASSESSMENTS, TRANSACTIONS, EVENTS):
        assert topic not in SERVICES["respond"].reads


@pytest.mark.parametrize("topic", [READINESS, FUND_FLOWS, PAGES, BEATS], ids=lambda one: one.name)
def test_what_is_only_shown_moves_nobody_who_acts(
    topic: TopicSpec,
) -> None:
    """The worst is a false picture, or a pager that is told less: no service that brakes, warns,
    keeps cases or tells insurers reads it."""
    readers = {name for name, one in SERVICES.items() if topic in one.reads}
    assert readers <= {"archive", "console", "page"}
    if topic == FUND_FLOWS:
        assert "page" not in readers


def test_a_writer_on_a_chain_topic_is_believed_by_detectors_and_gets_a_signed_alert() -> None:
    """The worst of a chain topic is what the detectors' own key gives: alarms, and what policy,
    halt rule, guard and gate make of them."""
    bench = Bench()
    bench.task.assigned([Partition(TRANSACTIONS.name, 3)])
    bench.feed(*(tx(block) for block in range(1000)))
    bench.feed(tx(1000, gas=99))
    (forged,) = bench.alerts()
    verifier = Verifier({key_id(KEY.public_key()): KEY.public_key()})
    assert verifier.check(forged, head=1025)
    assert DEPLOYMENTS not in SERVICES["detect"].reads


@pytest.mark.node
@pytest.mark.kafka
@pytest.mark.slow
def test_a_writer_on_alerts_without_a_key_fills_dead_letters_and_moves_nothing(
    setting: Setting, run: Run
) -> None:
    value = encode(setting.place.alert(1))
    for number in range(FORGED):
        setting.producer.send(ALERTS.name, value[: len(value) - number], key=b"meadow")
    setting.producer.flush()
    responder: ChildProcess = run("--armed")
    with running(responder):
        until(lambda: setting.letters.count() == FORGED)
    assert setting.actions.count() == 0
    assert setting.place.sent() == setting.place.began
    assert not setting.place.paused()


@pytest.mark.node
@pytest.mark.kafka
@pytest.mark.slow
def test_a_writer_on_alerts_with_the_detectors_key_gets_one_halt_and_no_more(
    setting: Setting, run: Run
) -> None:
    for number in range(1, FORGED + 1):
        setting.publish(setting.place.alert(number))
    responder: ChildProcess = run("--armed")
    with running(responder):
        until(lambda: "broadcast" in setting.actions.states())
        until(lambda: _mined(setting, "final"))
    assert setting.place.paused()
    assert setting.place.sent() == setting.place.began + 1
    assert len(setting.place.brakes()) == setting.place.manifest.limits.brakes_per_window == 1
