"""Every service is killed, again and again, at random points of its work; nothing is lost."""

import threading
from random import Random
from typing import Self

import pytest

from sandbox.attacks import attack_on
from sandbox.evm import Chain
from sandbox.traffic import Traffic
from tests.faults import oracle
from tests.faults.deployment import COMMANDS, FINALITY, Deployment, life
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka]

KILLS = 25
"""In one run; twenty runs make the five hundred of `make faults`."""

PATIENCE = 240.0
"""Seconds until everything has caught up; a busy machine is slow."""


class Life:
    """Ordinary life and one attack, on a thread of its own, while services die."""

    def __init__(self, deployment: Deployment, traffic: Traffic, *, attack_after: int) -> None:
        self._traffic = traffic
        self._attack = attack_on(deployment.world, "spot-oracle")
        self._chain = Chain(deployment.node)
        self._after = attack_after
        self._stop = threading.Event()
        self._failed: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self.attacked = threading.Event()

    def _run(self) -> None:
        blocks, steps = 0, list(self._attack.transactions())
        try:
            while not self._stop.wait(0.3) or not self.attacked.is_set():
                self._traffic.send(6)
                if blocks >= self._after and steps:
                    self._chain.send_raw(steps.pop(0))
                    if len(steps) == 0:
                        self.attacked.set()
                self._chain.mine()
                blocks += 1
        except BaseException as error:  # noqa: BLE001 - raised where the test looks
            self._failed.append(error)
            self.attacked.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failed:
            raise self._failed[0]


def kill_again_and_again(deployment: Deployment, chance: Random, kills: int) -> None:
    """Let services die and come back while the chain goes on, then reconcile everything."""
    traffic = Traffic(deployment.world, deployment.node, chance.randrange(2**31))
    for _ in range(12):
        traffic.block(20)
    for name in COMMANDS:
        deployment.start(name, life(chance, name))
    with Life(deployment, traffic, attack_after=10):
        until(lambda: have_died(deployment, chance, kills), 600)
    deployment.live_on()
    settle(deployment)
    reconcile(deployment)


def settle(deployment: Deployment) -> None:
    """Make blocks until every brake is final and all services have read everything; end them."""
    hands = Chain(deployment.node)
    for _ in range(FINALITY + 2):
        hands.mine()
    broker, node = deployment.broker, deployment.node

    def quiet() -> bool:
        deployment.restart_the_fallen()
        return oracle.newest_block(broker) == oracle.head(node) and deployment.all_read()

    until(quiet, PATIENCE)
    for _ in range(FINALITY + 2):
        hands.mine()
    until(quiet, PATIENCE)
    until(lambda: cases_are_complete(deployment), PATIENCE)
    deployment.stop()


def cases_are_complete(deployment: Deployment) -> bool:
    try:
        oracle.check_cases(deployment.broker)
    except AssertionError:
        return False
    return True


def reconcile(deployment: Deployment) -> None:
    broker, node, world = deployment.broker, deployment.node, deployment.world
    oracle.check_publication(broker, node, deployment.protocols)
    assert oracle.check_detection(broker, deployment.protocols, FINALITY) > 0, "nothing alerted"
    steps = oracle.check_actions(broker, deployment.journal)
    brakes = oracle.check_brakes(node, world.gate.address, steps)
    assert brakes, [(step.action.state, step.action.reason) for step in steps]
    assert oracle.check_cases(broker) > 0


@pytest.mark.faults
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("run", range(20))
def test_killed_at_twenty_five_random_points_everything_reconciles(
    deployment: Deployment, chance: Random, run: int
) -> None:
    kill_again_and_again(deployment, chance, KILLS)


def test_killed_a_few_times_everything_reconciles(deployment: Deployment, chance: Random) -> None:
    kill_again_and_again(deployment, chance, 4)


def have_died(deployment: Deployment, chance: Random, kills: int) -> bool:
    deployment.restart_the_dead(chance, kills)
    return deployment.deaths >= kills
