"""New contracts in, alerts out: whom they are told to, how, and when they are taken back."""

import pytest

import contracts
from detectors.builtin.deployed_code import NAME, SPEC, chain_key
from detectors.bytecode.disassembly import split_creation
from detectors.publisher import Publisher
from detectors.service import DetectTask
from detectors.sets import HostMaker
from detectors.vet_service import VetTask
from detectors.vetting import Vetting
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.alerts import Alert, AlertRecord, Withdrawal
from schemas.base import Record
from schemas.chain import Deployment, Posture, Retraction
from schemas.codec import decode_from, encode
from schemas.manifest import Contract, Manifest
from schemas.topics import ALERTS, BLOCKS, DEPLOYMENTS, TOPICS, TRANSACTIONS
from tests.publication import log
from tests.unit.detectors.fakes import GasSize

CHAIN, HASH = "eip155:31337", "0x" + "ab" * 32
POOL = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
MEADOW = Manifest(
    protocol="meadow",
    chain=CHAIN,
    contracts=(Contract(address=POOL, role="pool", name="LendingPool"),),
)
NAMES_POOL = f"73{POOL[2:]}5000"


def code_of(name: str, more: str = "") -> str:
    _, deployed = split_creation(bytes.fromhex(contracts.load(name).bytecode[2:]))
    return "0x" + deployed.hex() + more


def deployment(code: str, **fields: object) -> Deployment:
    made = {
        "id": "0" * 64,
        "chain": CHAIN,
        "block": 7,
        "block_hash": HASH,
        "timestamp": 1_700_000_000,
        "tx": "0x" + "cd" * 32,
        "index": 0,
        "address": "0x" + "c0" * 20,
        "creator": "0x" + "aa" * 20,
        "factory": "0x" + "aa" * 20,
        "code_hash": "0x" + "00" * 32,
        "code": code,
    }
    return Deployment(**made | fields)  # type: ignore[arg-type]  # the fields of a record


GONE = Retraction(id="1" * 64, chain=CHAIN, number=7, hash=HASH, parent=HASH, timestamp=0)
ATTACK, SERVICE = code_of("SpotAttack"), code_of("ToyERC20")


@pytest.fixture
def vetting() -> Vetting:
    return Vetting("vet", {"meadow": MEADOW}, Metrics())


def test_the_spec_tells_what_it_mistakes_and_misses() -> None:
    assert SPEC.name == NAME
    assert SPEC.false_positives
    assert SPEC.blind_spots


def test_code_that_looks_like_an_attack_and_names_a_protocol_is_that_protocols_alert(
    vetting: Vetting,
) -> None:
    (alert,) = vetting.of_chain(deployment(code_of("SpotAttack", NAMES_POOL)))
    assert (alert.protocol, alert.subject, alert.phase) == ("meadow", "deployment", "head")
    assert alert.contract == "0x" + "c0" * 20
    assert alert.p_value <= alert.budget
    assert "LendingPool" in alert.summary
    assert len(alert.summary) <= 500
    assert alert.votes[0].reasons[0].feature == "names_watched"


def test_a_token_that_names_a_protocol_is_no_alert(vetting: Vetting) -> None:
    assert vetting.of_chain(deployment(code_of("ToyERC20", NAMES_POOL))) == []
    assert vetting.of_protocol(deployment(SERVICE), "meadow") == []


def test_code_that_names_nobody_needs_to_be_stranger_and_is_the_chains(vetting: Vetting) -> None:
    alerts = vetting.of_chain(deployment(ATTACK))
    assert all(alert.protocol == chain_key(CHAIN) == "eip155-31337" for alert in alerts)
    assert all(alert.severity == "low" for alert in alerts)
    named = vetting.of_chain(deployment(code_of("SpotAttack", NAMES_POOL)))
    assert named[0].budget > 1 / 400


def test_what_is_known_of_the_creator_is_told_and_changes_no_number(vetting: Vetting) -> None:
    code = code_of("SpotAttack", NAMES_POOL)
    (plain,) = vetting.of_chain(deployment(code))
    posture = Posture(mixer_fundings=1, probes=4, odds=30.0)
    (known,) = vetting.of_chain(deployment(code, creator_nonce=0, posture=posture))
    assert (known.p_value, known.score, known.id) == (plain.p_value, plain.score, plain.id)
    assert known.posture == posture
    texts = " ".join(reason.text for reason in known.votes[0].reasons)
    assert "mixer" in texts
    assert "probed" in texts
    assert "had sent 0 transactions" in texts


def test_the_code_of_the_creation_is_enough(vetting: Vetting) -> None:
    code = code_of("SpotAttack", NAMES_POOL)
    assert vetting.of_chain(deployment("0x", creation=code))
    assert vetting.of_chain(deployment("0x")) == []


def test_alerts_of_a_block_that_left_the_chain_are_withdrawn_once(vetting: Vetting) -> None:
    (alert,) = vetting.of_chain(deployment(code_of("SpotAttack", NAMES_POOL)))
    (withdrawal,) = vetting.retract(GONE)
    assert withdrawal.alert == alert.id
    assert vetting.retract(GONE) == []


def test_what_we_cannot_judge_is_counted_and_stops_nothing(
    vetting: Vetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("detectors.vetting.judge", broken)
    assert vetting.of_chain(deployment(ATTACK)) == []


def alerts_on(broker: MemoryBroker) -> list[AlertRecord]:
    return [decode_from(ALERTS, message.value or b"") for message in log(broker, ALERTS)]  # type: ignore[misc]  # what the topic carries


def message(topic: str, offset: int, key: str, record: Record) -> Message:
    return Message(topic, 0, offset, key.encode(), encode(record), ())


def test_the_vet_service_alerts_and_withdraws() -> None:
    broker, metrics = MemoryBroker(), Metrics()
    broker.create(TOPICS.values())
    producer = broker.producer()
    task = VetTask(
        Intake(producer, metrics, "vet"),
        Publisher(producer, SystemClock(), metrics, None),
        Vetting("vet", {"meadow": MEADOW}, metrics),
        metrics,
    )
    assert task.assigned([Partition(DEPLOYMENTS.name, 0)]) == {}
    code = code_of("SpotAttack", NAMES_POOL)
    task.process([message(DEPLOYMENTS.name, 0, CHAIN, deployment(code))])
    task.process([message(BLOCKS.name, 0, CHAIN, GONE)])
    task.checkpoint({})
    first, second = alerts_on(broker)
    assert isinstance(first, Alert)
    assert isinstance(second, Withdrawal)
    assert second.alert == first.id
    assert metrics.vetted.labels(CHAIN)._value.get() == 1


def test_a_creation_in_the_protocols_own_partition_is_judged_there_under_the_same_id(
    vetting: Vetting,
) -> None:
    broker, metrics = MemoryBroker(), Metrics()
    broker.create(TOPICS.values())
    producer = broker.producer()
    task = DetectTask(
        Intake(producer, metrics, "detect"),
        Publisher(producer, SystemClock(), metrics, None),
        HostMaker("core", {"gas-size": GasSize}, {"meadow": MEADOW}, lambda _chain: 4),
        metrics,
        None,
    )
    task.assigned([Partition(TRANSACTIONS.name, 0)])
    found = deployment(code_of("SpotAttack", NAMES_POOL))
    task.process([message(TRANSACTIONS.name, 0, "meadow", found)])
    task.process([message(TRANSACTIONS.name, 1, "meadow", GONE)])
    task.checkpoint({})
    first, second = alerts_on(broker)
    (same,) = vetting.of_chain(found)
    assert isinstance(first, Alert)
    assert first.id == same.id
    assert isinstance(second, Withdrawal)
