"""The service on a broker in memory: what it takes in, tells, and goes on from."""

from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime.broker import Message, Partition
from runtime.keepers import CaseIntake, Keepers
from runtime.loop import Loop
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signal_intake import SignalIntake
from runtime.signatures import Signer, Verifier
from schemas.base import Record
from schemas.codec import decode, encode
from schemas.errors import TransientError
from schemas.issuers import Issuer
from schemas.manifest import Manifest
from schemas.risk import Risk
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, INCIDENTS, RISK, SIGNALS, TopicSpec
from schemas.units import account
from tests.unit.neighbours.examples import address, signal
from tests.unit.underwriting.worlds import (
    CHAIN,
    DAY,
    POOL,
    START,
    alert,
    block,
    case,
    desk,
    manifest,
    model,
)
from underwriting.admission import Admission
from underwriting.publisher import Chainside, Publisher
from underwriting.rederive import differences
from underwriting.service import Underwriting, remember
from underwriting.shelf import Shelf

ALERTER, TELLER, STRANGER = (
    Signer(Ed25519PrivateKey.from_private_bytes(bytes([place]) * 32)) for place in (1, 2, 3)
)
TRUSTED = Verifier({ALERTER.key_id: ALERTER.public_key})
OWN = Verifier({TELLER.key_id: TELLER.public_key})


class Hand:
    """A clock that goes on with every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 1.0
        return self.now

    def now_ns(self) -> int:
        return (START + 10) * 10**9


class Stage:
    """A broker, and the service on it."""

    def __init__(self, given: Manifest | None = None, keepers: Keepers | None = None) -> None:
        self.keepers = keepers or Keepers()
        self.given = given or manifest()
        self.broker = MemoryBroker()
        self.broker.create([ALERTS, BLOCKS, INCIDENTS, SIGNALS, RISK, DEAD_LETTERS])
        self.broker.milliseconds = START * 1000
        self.producer = self.broker.producer()
        self.metrics = Metrics()
        self.start()

    def start(self, signer: Signer = TELLER) -> None:
        """Begin, or begin again after a kill."""
        self.shelf, at, clock = Shelf(frozenset({"meadow"})), desk(self.given), Hand()
        remember(self.broker, at, self.shelf, OWN)
        intake = CaseIntake(self.producer, self.metrics, "risk", self.keepers)
        hearing = self.broker.consumer()
        hearing.assign({Partition(SIGNALS.name, n): 0 for n in range(SIGNALS.partitions)})
        signals = SignalIntake(at.neighbourhood, hearing, intake, Verifier({}), self.metrics)
        self.task = Underwriting(
            self.broker,
            Admission(intake, TRUSTED, signals),
            at,
            Publisher(self.producer, signer, self.shelf, self.metrics, Chainside()),
            clock,
            Chainside(),
        )
        self.loop = Loop(self.broker.consumer("firebreak-risk"), self.task, clock)
        self.loop._consumer.subscribe(self.task.topics, self.loop)

    def kill(self) -> None:
        self.loop._consumer.close()

    def write(self, topic: TopicSpec, record: Record, signer: Signer | None = None) -> None:
        value, key = encode(record), str(getattr(record, "protocol", "x")).encode()
        proof = signer.sign(value, sequence=1 << 20, expires=100) if signer else ()
        self.producer.send(topic.name, value, key=key, headers=proof)

    def turn(self) -> None:
        for _ in range(4):
            self.loop.step()

    def messages(self, topic: TopicSpec = RISK) -> list[Message]:
        numbers = range(topic.partitions)
        return [m for n in numbers for m in self.broker.log(Partition(topic.name, n))]

    def told(self) -> list[Risk]:
        return [decode(message.value or b"", Risk) for message in self.messages()]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_before_any_block_it_waits_and_says_for_what(stage: Stage) -> None:
    stage.turn()
    assert stage.task.obstacle == "the first block of any chain"
    assert stage.told() == []


def test_what_is_told_is_signed_and_comes_out_again(stage: Stage) -> None:
    stage.write(BLOCKS, block())
    stage.turn()
    assert stage.task.obstacle == ""
    (message,) = stage.messages()
    assert OWN.check(message, head=1) == 1 << 20
    assert message.key == b"meadow"
    (risk,) = stage.told()
    assert differences(risk, model()) == []
    assert risk.inputs.held.source == "manifest"
    kept = stage.shelf.newest("meadow")
    assert kept is not None
    assert kept.value == message.value
    assert stage.metrics.registry.get_sample_value(
        "firebreak_risk_timestamp_seconds", {"protocol": "meadow"}
    ) == float(START)


def test_an_alert_counts_with_its_place_on_the_topic(stage: Stage) -> None:
    stage.write(ALERTS, alert(p_value=1e-9), ALERTER)
    stage.write(BLOCKS, block())
    stage.turn()
    (risk,) = stage.told()
    (evidence,) = risk.inputs.evidence
    (message,) = stage.messages(ALERTS)
    where = evidence.source
    assert (where.topic, where.partition, where.offset) == (
        ALERTS.name,
        message.partition,
        message.offset,
    )


@pytest.mark.parametrize("signer", [None, STRANGER])
def test_an_alert_that_nobody_trusted_signed_is_no_evidence(
    stage: Stage, signer: Signer | None
) -> None:
    stage.write(ALERTS, alert(p_value=1e-9), signer)
    stage.write(BLOCKS, block())
    stage.turn()
    (risk,) = stage.told()
    assert risk.inputs.evidence == ()
    assert len(stage.messages(DEAD_LETTERS)) == 1


def test_after_a_kill_it_goes_on_as_if_nothing_had_happened(stage: Stage) -> None:
    stage.write(ALERTS, alert(p_value=1e-9), ALERTER)
    stage.write(INCIDENTS, case("respond", "final"))
    stage.write(BLOCKS, block())
    stage.turn()
    stage.kill()
    stage.start()
    stage.turn()
    assert len(stage.told()) == 1  # the same block is not told twice
    stage.write(BLOCKS, block(2, START + 3700))
    stage.turn()
    before, after = stage.told()
    assert (after.inputs.evidence, after.inputs.standing) == (before.inputs.evidence, "braked")
    assert after.inputs.before == before.inputs.before
    assert [kept.risk.at for kept in stage.shelf.before("meadow", START * 2, 9)] == [
        START + 3700,
        START,
    ]


def test_what_another_key_told_is_not_gone_on_from(stage: Stage) -> None:
    stage.kill()
    stage.start(STRANGER)
    stage.write(BLOCKS, block())
    stage.turn()
    assert len(stage.told()) == 1
    stage.kill()
    stage.start()
    assert stage.shelf.newest("meadow") is None


def test_what_cannot_be_read_is_kept_and_passed_over(stage: Stage) -> None:
    stage.producer.send(BLOCKS.name, b"{", key=b"x")
    stage.write(BLOCKS, block(2, START + DAY))
    stage.turn()
    assert len(stage.told()) == 1
    assert len(stage.messages(DEAD_LETTERS)) == 1


def test_one_protocol_that_cannot_be_read_holds_up_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = manifest(protocol="orchard")
    at = desk(other, manifest())
    monkeypatch.setattr(stage.task, "_desk", at)
    holding = stage.task._holding

    def read(its: Any, head: Any) -> Any:
        if its.protocol == "orchard":
            raise TransientError("no node knows")
        return holding(its, head)

    monkeypatch.setattr(stage.task, "_holding", read)
    stage.write(BLOCKS, block())
    stage.turn()
    assert [one.protocol for one in stage.told()] == ["meadow"]
    assert stage.task.obstacle == "what protocols hold"


def test_a_manifest_without_costs_has_nothing_at_risk() -> None:
    plain: Any = manifest(halt=None, brakes=())
    stage = Stage()
    holding = stage.task._holding(plain, block())
    assert (holding.value, holding.source) == (0.0, "manifest")


def warn(stage: Stage, *neighbours: int, expiry: int = START + 3600) -> None:
    for by in neighbours:
        said = signal(by, target=account(CHAIN, POOL), expiry=expiry, confidence=10_000)
        stage.producer.send(SIGNALS.name, encode(said), key=said.issuer.encode())


def test_neighbours_signals_move_the_probability_within_bounds_and_follow() -> None:
    issuers = tuple(Issuer(name=f"n{by}", address=address(by), confirmed=30) for by in range(1, 10))
    stage = Stage(manifest(issuers=issuers))
    stage.write(BLOCKS, block())
    stage.turn()
    warn(stage, 1, 2, 3)
    stage.write(BLOCKS, block(2, START + 12))
    stage.turn()
    (calm,) = stage.told()
    warn(stage, 4, 5)
    stage.write(BLOCKS, block(3, START + 24))
    stage.turn()
    _, warned = stage.told()
    odds = [p / (1 - p) for p in (one.figure("probability").value for one in (calm, warned))]
    assert 5.0 < odds[1] / odds[0] <= 10.0
    assert warned.inputs.standing == "calm", "a warning is no alert of ours"
    assert any(r.startswith("5 of 9 neighbours warn: odds times 9.") for r in warned.reasons)
    assert differences(warned, model()) == []
    bent = msgspec.structs.replace(
        warned, inputs=msgspec.structs.replace(warned.inputs, heard=None)
    )
    assert differences(bent, model())
    stage.write(BLOCKS, block(4, START + 3601))
    stage.turn()
    assert stage.told()[-1].figure("probability").value == calm.figure("probability").value
