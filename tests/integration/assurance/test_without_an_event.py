"""Upgrades that no event of a watched contract tells of, on a real node: seen when the next block
comes by, not at the next hour."""

from collections.abc import Iterator
from functools import partial

import pytest

from assurance.look import Means
from assurance.node import NodeChain
from assurance.proxies import ADMIN
from assurance.sources import Sources
from sandbox.evm import Call, Contract
from tests.contract.exhibits.venus import compiled
from tests.integration.assurance.ground import OPENZEPPELIN, Ground
from tests.integration.assurance.watch import Watch

pytestmark = pytest.mark.node


class Town:
    """A Unitroller, proxies of a beacon and of an admin that the manifest does not name."""

    def __init__(self, ground: Ground) -> None:
        me = ground.me.address
        create = partial(compiled, ground.deployer)
        self.unitroller, self.codes = create("Unitroller"), [create("Diamond"), create("Diamond")]
        self.vaults = [ground.create("ClosedVault"), ground.create("OpenVault")]
        first = self.vaults[0].address
        setup = self.vaults[0].call("initialize", me).data
        self.beacon = ground.packaged(OPENZEPPELIN, "UpgradeableBeacon", first, me)
        self.behind = ground.packaged(OPENZEPPELIN, "BeaconProxy", self.beacon.address, setup)
        self.clear = ground.packaged(OPENZEPPELIN, "TransparentUpgradeableProxy", first, me, setup)
        self.ground = ground
        ground.do(*self.adopt(0))
        self.manifest = ground.manifest(
            (self.unitroller, "other"), (self.behind, "vault"), (self.clear, "vault")
        )

    def adopt(self, number: int) -> list[Call]:
        """Return the calls by which the Unitroller comes to run a code."""
        code = self.codes[number]
        return [
            self.unitroller.call("_setPendingImplementation", code.address),
            code.call("_become", self.unitroller.address),
        ]


@pytest.fixture(scope="module")
def town(ground: Ground) -> Town:
    return Town(ground)


@pytest.fixture
def watch(town: Town) -> Iterator[Watch]:
    manifest = town.manifest
    watch = Watch.over(town.ground.endpoints, manifest, Means(Sources(manifest.chain, None)))
    yield watch
    told = len(watch.assessments())
    watch.block()
    assert len(watch.assessments()) == told, "what stands as before is not looked at again"


def test_a_unitroller_runs_other_code(town: Town, watch: Watch) -> None:
    assert watch.of(town.unitroller.address).implementation == town.codes[0].address
    town.ground.do(*town.adopt(1))
    watch.block()
    assert watch.of(town.unitroller.address).implementation == town.codes[1].address


def test_a_beacon_that_no_manifest_names_answers_other_code(town: Town, watch: Watch) -> None:
    assert watch.of(town.behind.address).implementation == town.vaults[0].address
    town.ground.do(town.beacon.call("upgradeTo", town.vaults[1].address))
    watch.block()
    assert watch.of(town.behind.address).implementation == town.vaults[1].address
    assert "open-initialiser" in watch.open_now()


def test_a_beacon_and_an_admin_that_no_manifest_names_change_hands(
    town: Town, watch: Watch
) -> None:
    ground, heir = town.ground, town.ground.other.address
    word = NodeChain(ground.endpoints).word(town.clear.address, ADMIN)
    admin = Contract(f"0x{word:040x}", town.beacon.interface)
    for owned, behind in ((town.beacon, town.behind), (admin, town.clear)):
        assert ground.me.address in watch.of(behind.address).authority
        ground.do(owned.call("transferOwnership", heir))
        watch.block()
        assert heir in watch.of(behind.address).authority


def test_the_event_of_a_unitroller_comes_through_ingest(town: Town, watch: Watch) -> None:
    now = watch.of(town.unitroller.address).implementation
    (other,) = {0, 1} - {[one.address for one in town.codes].index(str(now))}
    town.ground.do(*town.adopt(other))
    watch.of_ingest(town.ground.node)
    assert watch.of(town.unitroller.address).implementation == town.codes[other].address
