"""What the attacks do to the sandbox's contracts, undefended and after a brake."""

from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.attacks import Attack, attack_on
from sandbox.deploy import deploy
from sandbox.evm import Chain
from sandbox.node import LocalNode
from sandbox.traffic import Traffic
from sandbox.world import PAUSE, Scenario, World

pytestmark = pytest.mark.node

SCENARIOS: tuple[Scenario, ...] = ("spot-oracle", "reentrancy")


@pytest.fixture
def world(node: LocalNode, cache: Path) -> World:
    return deploy(node, lambda name: fetch.npm_package(cache, name, print))


@pytest.fixture(params=SCENARIOS)
def attack(request: pytest.FixtureRequest, world: World) -> Attack:
    return attack_on(world, request.param)


def test_undefended_most_is_lost_over_several_transactions(
    node: LocalNode, world: World, attack: Attack
) -> None:
    chain, traffic = Chain(node), Traffic(world, node)
    for _ in range(5):
        traffic.block(40)
    start = attack.exposed(chain)
    statuses, losses = [], []
    for transaction in attack.transactions():
        sent = chain.send_raw(transaction)
        before = attack.exposed(chain)
        chain.mine()
        statuses.append(chain.receipt(sent)["status"])
        losses.append((before - attack.exposed(chain)) / start)
        traffic.block(5)
    assert set(statuses) == {"0x1"}
    assert losses[0] == 0, "creating the attacker's contract takes nothing"
    assert len(losses) - 1 == attack.drains >= 5
    assert all(0.04 < loss < 0.15 for loss in losses[1:])
    assert attack.exposed(chain) < start / 2


def test_all_of_it_fits_into_one_block(node: LocalNode, attack: Attack) -> None:
    chain = Chain(node)
    sent = [chain.send_raw(transaction) for transaction in attack.transactions()]
    chain.mine()
    receipts = [chain.receipt(transaction) for transaction in sent]
    assert {receipt["status"] for receipt in receipts} == {"0x1"}
    assert len({receipt["blockNumber"] for receipt in receipts}) == 1


def test_after_the_brake_nothing_more_is_lost(
    node: LocalNode, world: World, attack: Attack
) -> None:
    chain = Chain(node)
    creation, first, *rest = attack.transactions()
    chain.settle([chain.send_raw(creation), chain.send_raw(first)])
    brake = world.gate.call("brake", b"\1" * 32, 1, attack.victim.address, bytes.fromhex(PAUSE[2:]))
    chain.settle([chain.send(world.accounts["responder"], brake)])
    held = attack.exposed(chain)

    sent = [chain.send_raw(transaction) for transaction in rest]
    chain.mine()

    assert {chain.receipt(transaction)["status"] for transaction in sent} == {"0x0"}
    assert attack.exposed(chain) == held > 0


def test_the_loss_can_be_told_at_any_block(node: LocalNode, attack: Attack) -> None:
    chain = Chain(node)
    block, before = int(node.rpc("eth_blockNumber"), 16), attack.exposed(chain)
    creation, first, *_ = attack.transactions()
    chain.settle([chain.send_raw(creation), chain.send_raw(first)])
    assert attack.exposed(chain, block) == before > attack.exposed(chain)


def test_the_attacker_gains(node: LocalNode, world: World) -> None:
    chain, attack = Chain(node), attack_on(world, "spot-oracle")
    dollar, attacker = world.tokens.dollar, attack.account.address
    chain.settle([chain.send_raw(transaction) for transaction in attack.transactions()])
    (gain,) = chain.read(dollar, "balanceOf", attacker)
    assert gain > 1_000_000 * 10**6
