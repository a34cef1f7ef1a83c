"""Two replicas publish one chain, one at a time: no hole and no double, whoever is killed."""

import os
import signal
import time
from random import Random

import pytest

from sandbox.traffic import Traffic
from tests.faults import oracle
from tests.faults.deployment import Deployment
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka, pytest.mark.timeout(900)]

PATIENCE = 120.0


def caught_up(deployment: Deployment) -> bool:
    return oracle.newest_block(deployment.broker) == oracle.head(deployment.node)


def replica(deployment: Deployment, name: str) -> None:
    """Start a replica of ingest under a name of its own."""
    deployment.processes[name] = deployment.start("ingest")
    del deployment.processes["ingest"]


def takes_over(deployment: Deployment, traffic: Traffic, doing: signal.Signals) -> float:
    """Strike the leader; return after how many seconds the other published a newer block."""
    replica(deployment, "a")
    until(lambda: caught_up(deployment), PATIENCE)
    replica(deployment, "b")
    until(lambda: b"resumed" not in said(deployment, "b") and joined(deployment), PATIENCE)
    for _ in range(5):
        traffic.block(5)
    os.kill(deployment.processes["a"].pid, doing)
    struck = time.monotonic()
    for _ in range(5):
        traffic.block(5)
    until(lambda: caught_up(deployment), PATIENCE)
    return time.monotonic() - struck


def said(deployment: Deployment, name: str) -> bytes:
    return deployment.processes[name].log.read_bytes()


def joined(deployment: Deployment) -> bool:
    """Say whether the second replica has connected to its node, and so stands by."""
    return b'"event": "endpoint"' in said(deployment, "b") or b"endpoint" in said(deployment, "b")


@pytest.mark.faults
def test_a_killed_publisher_is_taken_over_within_seconds_without_hole_or_double(
    deployment: Deployment, chance: Random
) -> None:
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    seconds = takes_over(deployment, traffic, signal.SIGKILL)
    deployment.processes["b"].stop()
    oracle.check_publication(deployment.broker, deployment.node, deployment.protocols)
    assert seconds < 30, "two of the session, and what a busy machine takes"


@pytest.mark.faults
def test_a_stopped_publisher_that_wakes_up_writes_nothing_that_counts(
    deployment: Deployment, chance: Random
) -> None:
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    takes_over(deployment, traffic, signal.SIGSTOP)
    os.kill(deployment.processes["a"].pid, signal.SIGCONT)
    for _ in range(5):
        traffic.block(5)
    until(lambda: caught_up(deployment), PATIENCE)
    until(lambda: deployment.processes["a"].status is not None, PATIENCE)
    assert b"another replica may lead" in said(deployment, "a")
    deployment.processes["b"].stop()
    oracle.check_publication(deployment.broker, deployment.node, deployment.protocols)


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_two_replicas_killed_in_turn_leave_no_hole_and_no_double(
    deployment: Deployment, chance: Random
) -> None:
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    for name in ("a", "b"):
        replica(deployment, name)
    for _ in range(10):
        for _ in range(chance.randint(1, 6)):
            traffic.block(5)
        name = chance.choice("ab")
        deployment.processes[name].kill()
        replica(deployment, name)
    until(lambda: caught_up(deployment), PATIENCE)
    for name in ("a", "b"):
        deployment.processes[name].stop()
    oracle.check_publication(deployment.broker, deployment.node, deployment.protocols)
