"""The sandbox's world as it is set up."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from eth_utils.crypto import keccak

from runtime.manifests import load_manifest
from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.evm import ETHER, Chain
from sandbox.node import LocalNode, NodeOptions
from sandbox.scene import Observer
from sandbox.world import PAUSE, Scenario, World

pytestmark = pytest.mark.node


@pytest.fixture
def packages(cache: Path) -> Callable[[str], Path]:
    return lambda name: fetch.npm_package(cache, name, print)


@pytest.fixture
def world(node: LocalNode, packages: Callable[[str], Path]) -> World:
    return deploy(node, packages)


def test_the_world_is_the_same_every_time(
    world: World, packages: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    options = NodeOptions(mining=False)
    with LocalNode(tmp_path / "other", fetch.anvil(cache, print), options) as other:
        assert deploy(other, packages) == world


def test_a_world_can_be_set_up_on_a_node_that_mines_by_itself(
    packages: Callable[[str], Path], cache: Path, tmp_path: Path
) -> None:
    with LocalNode(tmp_path / "mining", fetch.anvil(cache, print)) as node:
        world = deploy(node, packages)
        assert Chain(node).read(world.gate, "owner") == (world.safe.address,)


def test_the_router_knows_the_code_of_the_pairs(packages: Callable[[str], Path]) -> None:
    core, periphery = packages("@uniswap/v2-core"), packages("@uniswap/v2-periphery")
    pair = msgspec.json.decode((core / "build/UniswapV2Pair.json").read_bytes())
    router = msgspec.json.decode((periphery / "build/UniswapV2Router02.json").read_bytes())
    assert keccak(hexstr=pair["bytecode"]).hex() in router["bytecode"]


def test_the_scene_quotes_what_the_router_quotes(node: LocalNode, world: World) -> None:
    chain, tokens = Chain(node), world.tokens
    scene = Observer(world, chain).look()
    path = (tokens.barley, tokens.weth, tokens.clover, tokens.dollar)
    route = [token.address for token in path]
    (amounts,) = chain.read(world.router, "getAmountsOut", 1_000 * ETHER, route)
    assert scene.quote(path, 1_000 * ETHER) == amounts[-1]


def test_the_pool_believes_the_thin_pair(node: LocalNode, world: World) -> None:
    chain = Chain(node)
    assert chain.read(world.pool, "pair") == (world.pairs.thin.address,)
    assert chain.read(world.pool, "price") == (Observer(world, chain).look().clover_price,)


@pytest.mark.parametrize("protocol", ["pool", "vault"])
def test_only_the_gate_pauses_and_only_the_safe_resumes(
    node: LocalNode, world: World, protocol: str
) -> None:
    chain, contract = Chain(node), getattr(world, protocol)
    holders = {
        "PAUSER_ROLE": world.gate.address,
        "UNPAUSER_ROLE": world.safe.address,
        "DEFAULT_ADMIN_ROLE": world.safe.address,
    }
    everybody = [world.gate.address, world.safe.address]
    everybody += [account.address for account in world.accounts.values()]
    for role, holder in holders.items():
        name = chain.read(contract, role)[0]
        having = [who for who in everybody if chain.read(contract, "hasRole", name, who)[0]]
        assert having == [holder]


def test_the_safe_needs_two_of_three(node: LocalNode, world: World) -> None:
    chain = Chain(node)
    owners = {world.accounts[f"owner-{number}"].address for number in (1, 2, 3)}
    assert chain.read(world.safe, "getThreshold") == (2,)
    assert set(chain.read(world.safe, "getOwners")[0]) == owners


def test_the_responder_could_brake_both_protocols_at_once(node: LocalNode, world: World) -> None:
    chain, responder = Chain(node), world.accounts["responder"].address
    for target in (world.pool.address, world.vault.address):
        arguments = responder, b"\1" * 32, 0, target, bytes.fromhex(PAUSE[2:])
        assert chain.read(world.gate, "judge", *arguments) == (b"\0\0\0\0",)


@pytest.mark.parametrize(
    ("scenario", "protocol"), [("spot-oracle", "meadow"), ("reentrancy", "cellar")]
)
def test_the_manifest_of_a_scenario_is_accepted(
    world: World, scenario: Scenario, protocol: str, tmp_path: Path
) -> None:
    manifest = load_manifest(world.write_manifest(tmp_path, scenario))

    attacked = world.pool if scenario == "spot-oracle" else world.vault
    assert manifest.protocol == protocol
    assert manifest.chain == f"eip155:{world.chain_id}"
    assert manifest.holders == {attacked.address}
    (brake,) = manifest.brakes
    assert (brake.target, brake.gate) == (attacked.address, world.gate.address)
    assert (brake.adapter, brake.calldata) == ("gate", PAUSE)
    for contract in manifest.contracts:
        assert contract.abi is None or (tmp_path / contract.abi).is_file()
