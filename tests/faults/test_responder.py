"""The responder as a process, killed, starved, lied to and put to sleep: at most one brake each."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from responders.reverts import selector
from runtime.signatures import generate, load_signer
from sandbox.arming import armed_by_two
from sandbox.process import ChildProcess
from sandbox.safe import approved
from schemas.codec import encode
from schemas.headers import EXPIRES, KEY_ID, SEQUENCE, SIGNATURE
from schemas.topics import ALERTS
from tests.faults.alarms import PATIENCE, Alarms
from tests.faults.deployment import ASKS_TO_BE_STARTED_AGAIN, Deployment
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


def replica(deployment: Deployment, name: str) -> ChildProcess:
    """Start one of several responders: with a journal of its own, from the one account."""
    journal = deployment.folder / f"{name}.jsonl"
    armed_by_two(journal, deployment.folder / "people")
    deployment.processes[name] = deployment.start(
        "respond", FIREBREAK_RESPOND__JOURNAL=str(journal)
    )
    del deployment.processes["respond"]
    return deployment.processes[name]


def acts(process: ChildProcess) -> bool:
    """Say whether a responder leads and reads alerts: it said so in its log."""
    return b"assigned" in process.log.read_bytes()


def stands_by(process: ChildProcess) -> bool:
    """Say whether a responder has come so far that only the lead is missing."""
    return b"started" in process.log.read_bytes()


def leader_and_standby(deployment: Deployment) -> tuple[ChildProcess, ChildProcess]:
    first = replica(deployment, "a")
    until(lambda: acts(first), PATIENCE)
    second = replica(deployment, "b")
    until(lambda: stands_by(second), PATIENCE)
    return first, second


def test_killed_in_front_of_an_alert_the_leader_is_followed_by_the_standby_which_brakes_once(
    alarms: Alarms,
) -> None:
    deployment = alarms.deployment
    first, second = leader_and_standby(deployment)
    first.kill()
    del deployment.processes["a"]
    alarms.publish(alarms.alert())
    alarms.mine_until("final")
    assert acts(second)
    assert list(alarms.brakes().values()) == [1]
    assert alarms.sent() == 1


@pytest.mark.faults
def test_a_brake_that_was_sent_and_lost_is_taken_over_by_the_standby(alarms: Alarms) -> None:
    """Its alert was answered and committed, so nobody would read it again by itself."""
    deployment = alarms.deployment
    first, second = leader_and_standby(deployment)
    alarms.publish(alarms.alert())
    until(lambda: alarms.states()[-1:] == ["broadcast"], PATIENCE)
    until(deployment_has_read(deployment), PATIENCE)
    first.kill()
    del deployment.processes["a"]
    deployment.node.rpc("anvil_dropAllTransactions")
    alarms.mine_until("final")
    assert acts(second)
    assert alarms.states().count("authorised") == 2
    assert list(alarms.brakes().values()) == [1]
    assert alarms.sent() == 1


@pytest.mark.faults
def test_a_leader_that_wakes_up_after_its_term_signs_nothing_and_its_epoch_is_refused(
    alarms: Alarms,
) -> None:
    deployment, world = alarms.deployment, alarms.deployment.world
    old, standby = leader_and_standby(deployment)
    os.kill(old.pid, signal.SIGSTOP)
    alarms.publish(alarms.alert(1))
    alarms.mine_until("final")
    assert acts(standby)
    term = alarms.hands.read(world.gate, "latestEpoch")[0]
    assert term > 1

    owners = world.accounts["owner-1"], world.accounts["owner-2"]
    nonce = alarms.hands.read(world.safe, "nonce")[0]
    released = approved(world.safe, owners, world.pool.call("unpause"), nonce, world.chain_id)
    alarms.hands.settle([alarms.hands.send(world.users[0], released)])
    os.kill(old.pid, signal.SIGCONT)
    del deployment.processes["a"]
    until(lambda: old.status is not None, PATIENCE)
    assert old.status == ASKS_TO_BE_STARTED_AGAIN, old.tail()
    assert b"another replica may lead" in old.log.read_bytes()
    assert list(alarms.brakes().values()) == [1]
    assert alarms.sent() == 1

    pause = world.pool.call("pause").data
    arguments = alarms.account, b"\x01" * 32, term - 1, world.pool.address, pause
    refusal = alarms.hands.read(world.gate, "judge", *arguments)[0]
    assert refusal == bytes.fromhex(selector("StaleEpoch()")[2:])
