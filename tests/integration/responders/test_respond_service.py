"""`firebreak respond` as its own process: a real broker, a real node, a real kill."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from responders.rederive import decided
from runtime.actors import actors_of
from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_signer
from sandbox.ports import free_port
from schemas.actions import Action
from schemas.codec import decode
from schemas.readiness import Readiness
from schemas.topics import READINESS
from tests.integration.responders.serving import (
    FINAL,
    PATIENCE,
    Run,
    Setting,
    Topic,
    running,
    shown,
    until,
)
from tests.unit.responders.examples import AMOUNTS, CALLS

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def test_an_armed_responder_brakes_alone_survives_a_kill_and_believes_no_stranger(
    setting: Setting, run: Run, tmp_path: Path
) -> None:
    stranger = load_signer(generate(tmp_path / "stranger", "detector"))
    setting.publish(setting.place.alert(9), stranger)
    setting.publish(setting.place.alert(1))
    first = run("--armed")
    with running(first):
        until(lambda: setting.actions.states()[-1:] == ["broadcast"])
        until(lambda: setting.letters.count() == 1)
    beside = run("--armed")
    assert beside.wait(PATIENCE) == 2
    assert "another process" in beside.tail(), "no two share a journal"
    assert first.status is None
    first.kill()
    second = run("--armed")
    with running(second):
        setting.mine_until("final")
    assert setting.place.paused()
    assert len(setting.place.brakes()) == 1
    assert setting.place.sent() == setting.place.began + 1
    assert setting.actions.headers[-1].keys() == {
        "received",
        "published",
        "scored",
        "decided",
        "sent",
        "mined",
    }
    ours = actors_of(setting.step_key.parent)
    signed = [ours.read(message).state for message in setting.actions.messages]
    assert signed == setting.actions.states(), "each step, before the kill and after it"
    assert second.stop() == 0


def test_two_transactions_of_one_attack_are_linked_across_a_restart(
    setting: Setting, run: Run
) -> None:
    thief = setting.place.world.users[0].address.lower()
    prepares = setting.place.alert(1, votes=(CALLS,), sender=thief)
    takes = setting.place.alert(2, votes=(AMOUNTS,), sender=thief)
    setting.publish(prepares)
    first = run("--armed")
    with running(first):
        until(lambda: setting.actions.states() == ["proposed", "refused"])
        assert first.stop() == 0
    second = run("--armed")
    with running(second):
        setting.publish(takes)
        until(lambda: setting.actions.states()[-1:] == ["broadcast"])
        setting.mine_until("final")
        assert second.stop() == 0
    assert setting.place.paused()
    steps = [decode(value, Action) for value in setting.actions.values]
    assert [(step.state, step.alert, step.linked) for step in steps if decided(step)] == [
        ("refused", prepares.id, None),
        ("authorised", takes.id, prepares.id),
    ]


def test_without_the_flag_it_sends_nothing_and_a_neighbour_s_warning_raises_what_is_believed(
    setting: Setting, run: Run
) -> None:
    setting.listens_to_a_neighbour()
    port = free_port()
    setting.warn()
    for _ in range(FINAL):  # what the pool holds is final then
        setting.place.hands.mine()
    process = run("--health-port", str(port))

    def first(metric: str) -> float:
        process.require_running()
        return next(iter(shown(port, metric)), 0.0)

    with running(process):
        until(lambda: first("warned_odds") > 9)
        until(lambda: first("loss_beyond_allowable") == 1)
        assert setting.actions.count() == 0
        setting.publish(setting.place.alert())
        until(lambda: setting.actions.states() == ["proposed", "rehearsed"])
    step = decode(setting.actions.values[-1], Action)
    assert step.heard is not None, "it counts in the decision"
    assert process.stop() == 0
    assert setting.place.pending() == {}
    assert not setting.place.paused()


def test_an_armed_responder_drills_and_tells_of_a_brake_that_would_not_work_any_more(
    setting: Setting, run: Run, broker: KafkaBroker
) -> None:
    setting.listens_to_a_neighbour()
    port, brakes = free_port(), len(setting.place.manifest.brakes)
    process = run("--armed", "--health-port", str(port))
    board = Topic(broker, READINESS)

    def troubles() -> list[str]:
        board.read()
        newest = decode(board.values[-1], Readiness) if board.values else None
        return [one.trouble for one in newest.brakes] if newest else []

    with running(process), closing(board):
        until(lambda: shown(port, "brake_unready") == [0.0] * brakes)
        (first,) = shown(port, "drilled_timestamp_seconds")
        assert abs(time.time() - first) < PATIENCE
        until(lambda: troubles() == [""] * brakes)
        setting.place.by_safe(setting.place.world.gate.call("kill"))
        setting.warn()  # so that the next drill need not be waited for
        until(lambda: shown(port, "brake_unready") == [1.0] * brakes)
        until(lambda: shown(port, "drilled_timestamp_seconds") > [first])
        until(lambda: all("Disarmed" in trouble for trouble in troubles()))
    assert process.stop() == 0
    assert setting.place.pending() == {}
