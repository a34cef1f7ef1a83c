"""The responder as a process, killed, starved, lied to and put to sleep: at most one brake each."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.signatures import generate, load_signer
from sandbox.arming import armed_by_two
from sandbox.keystore import write_keystore
from sandbox.safe import approved
from schemas.codec import encode
from schemas.headers import EXPIRES, KEY_ID, SEQUENCE, SIGNATURE
from schemas.topics import ALERTS
from tests.faults.alarms import PATIENCE, Alarms, journal_size
from tests.faults.deployment import Deployment
from tests.publication import log
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka]

JOURNAL_WRITES = 6
"""Of one brake: proposed and authorised, nonce and signature, broadcast, included, final, mark."""


@pytest.fixture
def alarms(deployment: Deployment) -> Alarms:
    return Alarms(deployment)


def killed_at(alarms: Alarms, operation: int) -> None:
    """Kill the responder before (odd) or after (even) a write of its journal; start it again."""
    deployment = alarms.deployment
    alarms.publish(alarms.alert())
    first = deployment.start("respond", operation, FAULTS_POINTS="Journal")

    def dead() -> bool:
        alarms.hands.mine()
        return first.status is not None

    until(dead, PATIENCE)
    assert first.status == -signal.SIGKILL, first.tail()
    deployment.start("respond")
    alarms.mine_until("final")
    until(deployment_has_read(deployment), PATIENCE)
    alarms.reconcile()
    assert list(alarms.brakes().values()) == [1]
    assert alarms.sent() == 1


def deployment_has_read(deployment: Deployment) -> Callable[[], bool]:
    group = f"firebreak-respond-eip155-{deployment.world.chain_id}"
    return lambda: deployment.behind(group, ALERTS.name) == 0


@pytest.mark.faults
@pytest.mark.parametrize("operation", range(1, 2 * JOURNAL_WRITES + 1))
def test_killed_at_any_write_of_its_journal_it_brakes_once(alarms: Alarms, operation: int) -> None:
    killed_at(alarms, operation)


def test_killed_with_a_signed_brake_that_was_never_sent_it_brakes_once(alarms: Alarms) -> None:
    killed_at(alarms, 4)


@pytest.mark.faults
def test_alerts_replayed_three_times_move_nothing(alarms: Alarms) -> None:
    deployment = alarms.deployment
    alarms.publish(alarms.alert())
    deployment.start("respond")
    alarms.mine_until("final")
    before = log(deployment.broker, ALERTS)
    producer = deployment.broker.producer()
    for _ in range(3):
        for message in before:
            headers = tuple((name, value or b"") for name, value in message.headers)
            producer.send(ALERTS.name, message.value or b"", key=message.key, headers=headers)
    producer.flush()
    until(deployment_has_read(deployment), PATIENCE)
    alarms.hands.mine()
    alarms.reconcile()
    assert alarms.sent() == 1
    assert list(alarms.brakes().values()) == [1]


@pytest.mark.faults
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off_neither_stops_nor_frees_a_brake(
    alarms: Alarms, hours: int
) -> None:
    """Age, expiry, budget and cooldown are counted in blocks and in their time."""
    expired = alarms.alert(2)
    for _ in range(3):
        alarms.hands.mine()
    alarms.publish(alarms.alert(1))
    alarms.publish(expired, alarms.signed(expired, expires=expired.block + 1))
    alarms.deployment.start("respond", FAULTS_CLOCK=str(3600 * hours))
    alarms.mine_until("final")
    until(lambda: alarms.letters() == 1, PATIENCE)
    alarms.reconcile()
    assert list(alarms.brakes().values()) == [1]


@pytest.mark.faults
def test_with_a_full_disk_nothing_is_sent_until_there_is_room(alarms: Alarms) -> None:
    deployment = alarms.deployment
    alarms.publish(alarms.alert())
    full = deployment.start("respond", FAULTS_FILE_BYTES="2000")
    assert full.wait(PATIENCE) != 0
    assert "cannot be written" in full.tail()
    assert "Free some space" in full.tail()
    assert alarms.sent() == 0
    assert deployment.node.rpc("txpool_status")["pending"] == "0x0"
    deployment.start("respond")
    alarms.mine_until("final")
    alarms.reconcile()
    assert list(alarms.brakes().values()) == [1]


@pytest.mark.faults
def test_of_forged_tampered_and_expired_alerts_none_is_believed(
    alarms: Alarms, tmp_path: Path
) -> None:
    stranger = load_signer(generate(tmp_path / "stranger", "detector"))
    alert = alarms.alert()
    proofs = alarms.signed(alert)
    alarms.publish(alert, alarms.signed(alert, stranger))
    alarms.publish(alert, ())
    alarms.publish(alert, proofs, value=encode(alert).replace(b'"critical"', b'"low"'))
    for name, value in (
        (KEY_ID, b"\xff\xfe"),
        (SEQUENCE, b"-1"),
        (EXPIRES, b"9" * 400),
        (EXPIRES, b"%d" % (alert.block + 2 * 10**6)),
        (SIGNATURE, bytes(64)),
        (SIGNATURE, b""),
    ):
        alarms.publish(alert, tuple((n, value if n == name else v) for n, v in proofs))
    alarms.publish(alert, alarms.signed(alert, expires=alert.block - 1))
    alarms.publish(alert, proofs, value=os.urandom(100_000))
    alarms.deployment.start("respond")
    until(lambda: alarms.letters() == 11, PATIENCE)
    until(deployment_has_read(alarms.deployment), PATIENCE)
    assert alarms.states() == []
    values = {message.value for message in log(alarms.deployment.broker, ALERTS)}
    assert len(values) == 3
    alarms.publish(alert)
    alarms.mine_until("final")
    alarms.reconcile()
    assert list(alarms.brakes().values()) == [1]


@pytest.mark.faults
def test_a_leader_that_wakes_up_after_its_term_is_refused_by_the_gate(
    alarms: Alarms, tmp_path: Path
) -> None:
    deployment, world = alarms.deployment, alarms.deployment.world
    standby = world.accounts["liquidator"]
    call = world.gate.call("setResponder", standby.address, True)  # noqa: FBT003 - the contract's
    owners = world.accounts["owner-1"], world.accounts["owner-2"]
    nonce = alarms.hands.read(world.safe, "nonce")[0]
    signed = approved(world.safe, owners, call, nonce, world.chain_id)
    alarms.hands.settle([alarms.hands.send(world.users[0], signed)])
    write_keystore(standby, deployment.keys / "standby.json", "secret")
    armed_by_two(tmp_path / "standby.jsonl", deployment.folder / "people")

    old = deployment.start("respond")
    until(lambda: journal_size(deployment.journal) == 0 and is_member(deployment), PATIENCE)
    os.kill(old.pid, signal.SIGSTOP)
    alarms.publish(alarms.alert(1))
    deployment.start(
        "respond",
        FIREBREAK_RESPOND__EPOCH="2",
        FIREBREAK_RESPOND__JOURNAL=str(tmp_path / "standby.jsonl"),
        FIREBREAK_RESPOND__KEYSTORE=str(deployment.keys / "standby.json"),
    )
    alarms.mine_until("final")
    pause = world.pool.call("unpause")
    nonce = alarms.hands.read(world.safe, "nonce")[0]
    released = approved(world.safe, owners, pause, nonce, world.chain_id)
    alarms.hands.settle([alarms.hands.send(world.users[0], released)])
    deployment.processes["respond"].stop()
    os.kill(old.pid, signal.SIGCONT)
    alarms.publish(alarms.alert(2, timestamp=alarms.hands.timestamp() + 10**6))
    until(lambda: alarms.states()[-1:] == ["failed"], PATIENCE)
    old.stop()
    assert list(alarms.brakes().values()) == [1]
    assert alarms.sent() == 0


def is_member(deployment: Deployment) -> bool:
    """Say whether the responder has joined its group: it said so in its log."""
    return b"assigned" in deployment.processes["respond"].log.read_bytes()
