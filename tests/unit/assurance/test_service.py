"""The service: what makes it look, what it says, what it remembers."""

from typing import Any

import msgspec
import pytest

from assurance.look import Means
from assurance.service import EVERY, RETRY, AssureTask
from assurance.sources import Sources
from assurance.standing import PATIENCE
from assurance.triggers import reasons
from runtime.broker import Message
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.service import Service
from schemas.assurance import Assessment, Finding
from schemas.base import Record
from schemas.chain import Block, Deployment, Event, Retraction
from schemas.codec import decode_from, encode
from schemas.errors import TransientError
from schemas.topics import ASSESSMENTS, AUTHORITY, DEAD_LETTERS, DEPLOYMENTS, EVENTS, FINDINGS
from tests.clock import ManualClock
from tests.publication import log
from tests.unit.assurance.fakes import FakeChain
from tests.unit.assurance.test_assess import CHAIN, MANIFEST, MORTAL, NEW, OLD, POOL, SOUND

HASH, TX = "0x" + "ab" * 32, "0x" + "ee" * 32


def event(name: str = "Upgraded", contract: str = POOL, chain: str = CHAIN) -> Event:
    return Event(
        id="1" * 64, chain=chain, block=100, block_hash=HASH, timestamp=0, tx=TX, index=0, log=0,
        contract=contract, protocol="meadow", name=name,
    )  # fmt: skip


def deployment(address: str, factory: str, creator: str = NEW) -> Deployment:
    return Deployment(
        id="2" * 64, chain=CHAIN, block=100, block_hash=HASH, timestamp=0, tx=TX, index=0,
        address=address, creator=creator, factory=factory, code_hash=HASH, code="0x00",
    )  # fmt: skip


def block(number: int) -> Block:
    return Block(
        id="4" * 64, chain=CHAIN, number=number, hash=HASH, parent=HASH, timestamp=0,
        transactions=0,
    )  # fmt: skip


def retraction(number: int) -> Retraction:
    return Retraction(id="3" * 64, chain=CHAIN, number=number, hash=HASH, parent=HASH, timestamp=0)


class World:
    """A task over brokers in memory, and the chain that it looks at."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.chain, self.manifest = FakeChain(), MANIFEST
        self.chain.codes[POOL] = SOUND
        self.service = Service("assure")
        self.clock = ManualClock()
        self.service.clock = self.clock  # type: ignore[assignment]  # as good as the machine's
        self.metrics = self.service.metrics
        self.broker = broker or MemoryBroker()
        self.broker.create((DEPLOYMENTS, EVENTS, FINDINGS, ASSESSMENTS, AUTHORITY, DEAD_LETTERS))
        self.task = self.started()

    def started(self) -> AssureTask:
        producer = self.broker.producer()
        task = AssureTask(
            Intake(producer, self.metrics, "assure"),
            producer,
            {"meadow": self.manifest},
            lambda: (self.chain, {"meadow": self.means()}),
            self.service,
            self.fresh,
        )
        task.remember(self.broker)
        return task

    def means(self) -> Means:
        """With what it is looked at."""
        return Means(Sources(CHAIN, None))

    def fresh(self) -> set[str]:
        """Of which source something was heard."""
        return set()

    def told(self, record: Record) -> None:
        topic = DEPLOYMENTS if isinstance(record, Deployment) else EVENTS
        self.task.process([Message(topic.name, 0, 0, b"k", encode(record), ())])
        self.task.tick()

    def findings(self) -> list[Finding]:
        return [one for one in self._read(FINDINGS) if isinstance(one, Finding)]

    def assessments(self) -> list[Assessment]:
        return [one for one in self._read(ASSESSMENTS) if isinstance(one, Assessment)]

    def _read(self, topic: Any) -> list[Record]:
        return [decode_from(topic, message.value or b"") for message in log(self.broker, topic)]


@pytest.fixture
def world() -> World:
    return World()


def test_everything_is_looked_at_first_and_again_after_an_hour(world: World) -> None:
    world.task.tick()
    world.task.tick()
    assert len(world.assessments()) == 1
    world.clock.seconds += EVERY
    world.task.tick()
    assert len(world.assessments()) == 2


def test_an_upgrade_is_assessed_as_it_happens_and_told_once(world: World) -> None:
    world.task.tick()
    world.chain.codes[POOL] = MORTAL
    world.told(event())
    world.told(event())
    (finding,) = world.findings()
    assert (finding.weakness, finding.tx, finding.protocol) == ("self-destruct", TX, "meadow")
    assert world.metrics.findings_open.labels("meadow", "high")._value.get() == 1


def test_after_a_restart_it_knows_what_it_said(world: World) -> None:
    world.chain.codes[POOL] = MORTAL
    world.task.tick()
    world.task = world.started()
    world.task.tick()
    assert len(world.findings()) == 1
    world.chain.codes[POOL] = SOUND
    world.told(event())
    assert [one.state for one in world.findings()] == ["open", "resolved"]


def test_a_node_that_does_not_answer_is_asked_again(world: World) -> None:
    world.chain.down = True
    world.task.tick()
    assert world.metrics.assurance_faults._value.get() == 1
    world.chain.down = False
    world.task.tick()
    assert world.assessments() == []
    world.clock.seconds += RETRY
    world.task.tick()
    assert len(world.assessments()) == 1


FACET = "0x" + "fa" * 20
BUILDER = "0x" + "bd" * 20


def known() -> Assessment:
    world = World()
    world.chain.codes[OLD] = MORTAL
    world.chain.proxy(POOL, OLD)
    world.task.tick()
    (found,) = world.assessments()
    (pool,) = found.contracts
    return msgspec.structs.replace(
        found, contracts=(msgspec.structs.replace(pool, facets=(FACET,)),)
    )


@pytest.mark.parametrize(
    ("record", "looked_at"),
    [
        (event(), {POOL}),
        (event("AdminChanged"), {POOL}),
        (event("BeaconUpgraded"), {POOL}),
        (event("NewImplementation"), {POOL}),
        (event("ChangedMasterCopy"), {POOL}),
        (event("DiamondCut"), {POOL}),
        (event("RoleRevoked"), {POOL}),
        (event("Transfer"), set()),
        (event(contract=NEW), set()),
        (event(contract=OLD), {POOL}),
        (event(contract=FACET), {POOL}),
        (event(chain="eip155:1"), set()),
        (deployment(POOL, NEW), {POOL}),
        (deployment(OLD, NEW), {POOL}),
        (deployment(NEW, POOL), {NEW}),
        (deployment(NEW, NEW), set()),
        (deployment(NEW, BUILDER, BUILDER), {NEW}),
        (deployment(NEW, OLD, BUILDER), {NEW}),
        (deployment(NEW, BUILDER, OLD), {NEW}),
        (retraction(100), {POOL}),
        (retraction(101), set()),
    ],
)
def test_what_makes_it_look(record: Record, looked_at: set[str]) -> None:
    manifest = MANIFEST.model_copy(update={"deployers": (BUILDER,)})
    assert reasons(record, manifest, known()).keys() == looked_at


def test_markers_and_rubbish_make_it_do_nothing(world: World) -> None:
    world.task.tick()
    world.told(block(1))
    world.task.process([Message(EVENTS.name, 0, 1, b"k", b"{", ())])
    world.task.tick()
    assert len(world.assessments()) == 1


def test_a_proxy_that_logs_nothing_is_looked_at_when_the_next_block_comes_by(world: World) -> None:
    world.chain.codes[OLD], world.chain.codes[NEW] = SOUND, MORTAL
    world.chain.proxy(POOL, OLD)
    world.task.tick()
    world.chain.proxy(POOL, NEW)
    world.told(block(101))
    assert world.findings() == []
    world.clock.seconds += PATIENCE
    world.task.tick()
    assert "self-destruct" in {one.weakness for one in world.findings()}
    told = len(world.assessments())
    world.told(block(102))
    world.clock.seconds += PATIENCE
    world.task.tick()
    assert len(world.assessments()) == told


def test_where_it_cannot_be_read_again_the_assessment_stands(world: World) -> None:
    world.chain.codes[OLD] = SOUND
    world.chain.proxy(POOL, OLD)
    world.chain.unread = True
    world.task.tick()
    assert len(world.assessments()) == 1
    assert world.metrics.assurance_faults._value.get() == 1


def test_a_protocol_that_no_node_gets_through_keeps_nobody_from_looking_at_another() -> None:
    trap = "0x" + "da" * 20

    class Trapped(FakeChain):
        def code(self, address: str) -> bytes:
            if address == trap:
                raise TransientError("the node refuses it")
            return super().code(address)

    world = World()
    world.chain = Trapped()
    world.chain.codes[POOL] = SOUND
    one = world.manifest.contracts[0].model_copy(update={"address": trap})
    hostile = world.manifest.model_copy(update={"protocol": "dale", "contracts": (one,)})
    producer, means = world.broker.producer(), world.means()
    world.task = AssureTask(
        Intake(producer, world.metrics, "assure"),
        producer,
        {"dale": hostile, "meadow": world.manifest},
        lambda: (world.chain, dict.fromkeys(("dale", "meadow"), means)),
        world.service,
    )
    for _ in range(3):
        world.task.tick()
        world.clock.seconds += RETRY
    assert [one.protocol for one in world.assessments()] == ["meadow"]
    world.chain.codes[POOL] = MORTAL
    world.told(event())
    world.clock.seconds += RETRY
    world.task.tick()
    assert [one.tx for one in world.findings()] == [TX]
    assert world.metrics.assurance_faults._value.get() >= 3
