"""Upgrades that no event of a watched contract tells of, on a real node: seen when the next block
comes by, not at the next hour."""

from collections.abc import Iterator
from functools import partial

import pytest

from assurance.look import Means
from assurance.node import NodeChain
from assurance.proxies import ADMIN
from assurance.service import AssureTask
from assurance.sources import Sources
from assurance.standing import PATIENCE
from runtime.broker import Message, Partition
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.service import Service
from sandbox.evm import Call, Contract
from schemas.assurance import Assessment, Examined
from schemas.chain import Block
from schemas.codec import decode_from, encode
from schemas.manifest import Manifest
from schemas.topics import ASSESSMENTS, AUTHORITY, DEAD_LETTERS, EVENTS, FINDINGS
from tests.clock import ManualClock
from tests.contract.exhibits.venus import compiled
from tests.integration.assurance.ground import NAME, OPENZEPPELIN, Ground
from tests.integration.ingest.running import RunningIngest
from tests.publication import log

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


class Watch:
    """The service, told of blocks alone."""

    def __init__(self, town: Town, broker: MemoryBroker | None = None) -> None:
        self.ground, self.broker = town.ground, broker or MemoryBroker()
        topics = (EVENTS, FINDINGS, ASSESSMENTS, AUTHORITY, DEAD_LETTERS)
        self.broker.create(topics)
        service = Service("assure")
        self.clock = ManualClock()
        service.clock = self.clock  # type: ignore[assignment]  # as good as the machine's
        producer = self.broker.producer()
        manifest: Manifest = town.manifest
        means = {NAME: Means(Sources(manifest.chain, None))}
        self.task = AssureTask(
            Intake(producer, service.metrics, "assure"),
            producer,
            {NAME: manifest},
            lambda: (NodeChain(self.ground.endpoints), means),
            service,
        )
        self.task.tick()

    def block(self) -> None:
        """Tell it that the newest block came by, and of nothing in it."""
        head = NodeChain(self.ground.endpoints).place
        told = Block(
            id="4" * 64, chain=f"eip155:{self.ground.chain.id}", number=head.number,
            hash="0x" + "ab" * 32, parent="0x" + "ab" * 32, timestamp=head.timestamp,
            transactions=1,
        )  # fmt: skip
        self.task.process([Message(EVENTS.name, 0, 0, b"k", encode(told), ())])
        self.wait()

    def wait(self) -> None:
        self.clock.seconds += PATIENCE
        self.task.tick()

    def assessments(self) -> list[Assessment]:
        found = [
            decode_from(ASSESSMENTS, one.value or b"") for one in log(self.broker, ASSESSMENTS)
        ]
        return [one for one in found if isinstance(one, Assessment)]

    def of(self, contract: Contract) -> Examined:
        """How a contract was last said to stand."""
        stands = self.assessments()[-1].contracts
        return next(one for one in stands if one.address == contract.address)


@pytest.fixture(scope="module")
def town(ground: Ground) -> Town:
    return Town(ground)


@pytest.fixture
def watch(town: Town) -> Iterator[Watch]:
    watch = Watch(town)
    yield watch
    told = len(watch.assessments())
    watch.block()
    assert len(watch.assessments()) == told, "what stands as before is not looked at again"


def test_a_unitroller_runs_other_code(town: Town, watch: Watch) -> None:
    assert watch.of(town.unitroller).implementation == town.codes[0].address
    town.ground.do(*town.adopt(1))
    watch.block()
    assert watch.of(town.unitroller).implementation == town.codes[1].address


def test_a_beacon_that_no_manifest_names_answers_other_code(town: Town, watch: Watch) -> None:
    assert watch.of(town.behind).implementation == town.vaults[0].address
    town.ground.do(town.beacon.call("upgradeTo", town.vaults[1].address))
    watch.block()
    assert watch.of(town.behind).implementation == town.vaults[1].address
    assert "open-initialiser" in {one.weakness for one in watch.assessments()[-1].findings}


def test_a_beacon_and_an_admin_that_no_manifest_names_change_hands(
    town: Town, watch: Watch
) -> None:
    ground, heir = town.ground, town.ground.other.address
    word = NodeChain(ground.endpoints).word(town.clear.address, ADMIN)
    admin = Contract(f"0x{word:040x}", town.beacon.interface)
    for owned, behind in ((town.beacon, town.behind), (admin, town.clear)):
        assert ground.me.address in watch.of(behind).authority
        ground.do(owned.call("transferOwnership", heir))
        watch.block()
        assert heir in watch.of(behind).authority


def test_the_event_of_a_unitroller_comes_through_ingest(
    town: Town,
) -> None:
    ground, broker = town.ground, MemoryBroker()
    watch = Watch(town, broker)
    now = watch.of(town.unitroller).implementation
    (other,) = {0, 1} - {[one.address for one in town.codes].index(str(now))}
    ground.do(*town.adopt(other))
    with RunningIngest(broker, [str(ground.node.ipc)], manifests=[town.manifest]) as ingest:
        ingest.wait_for(lambda: ingest.is_at(int(ground.node.rpc("eth_blockNumber"), 16)))
    for number in range(EVENTS.partitions):
        watch.task.process(broker.log(Partition(EVENTS.name, number)))
    watch.task.tick()
    assert watch.of(town.unitroller).implementation == town.codes[other].address
