import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench import traffic
from detectors import service, snapshots
from detectors.host import Host
from detectors.publisher import Publisher
from detectors.samples import CHAIN, PROTOCOL, address, make
from detectors.service import DetectTask
from detectors.sets import EventHostMaker, HostMaker
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signatures import Signer, Verifier, key_id
from runtime.state import StateStore
from schemas.alerts import Alert, Withdrawal
from schemas.base import Record
from schemas.chain import Retraction, Transaction, Write
from schemas.codec import decode_from, encode
from schemas.errors import ConfigurationError, UnsafeToContinueError
from schemas.headers import hops
from schemas.operations import KeyState
from schemas.topics import ALERTS, DETECTOR_STATE, EVENTS, TOPICS, TRANSACTIONS
from tests.unit.detectors.fakes import GasSize

WRITES = (Write(contract=address(10), slot="0", value="1"),)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


class Bench:
    """A detect service on a broker in memory, fed by hand."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self.broker = broker or MemoryBroker()
        self.broker.create(TOPICS.values())
        producer, metrics = self.broker.producer(), Metrics()
        self.metrics = metrics
        self.task = DetectTask(
            Intake(producer, metrics, "detect"),
            Publisher(producer, SystemClock(), metrics, Signer(KEY)),
            HostMaker("core", {"gas-size": GasSize}, {}, lambda _chain: 4),
            metrics,
            StateStore(self.broker, producer, "core"),
        )
        self.offset = 0

    def feed(self, *records: Record, partition: int = 3) -> None:
        messages = []
        for record in records:
            headers = (("hop-received", b"7"),)
            place = (TRANSACTIONS.name, partition, self.offset, b"k")
            messages.append(Message(*place, encode(record), headers))
            self.offset += 1
        self.task.process(messages)

    def alerts(self) -> list[Message]:
        return [
            message
            for number in range(ALERTS.partitions)
            for message in self.broker.log(Partition(ALERTS.name, number))
        ]


def tx(block: int, gas: int = 1) -> Transaction:
    return make(
        block, block=block, index=0, block_hash=f"a{block}", gas_used=str(gas), writes=WRITES
    )


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.task.assigned([Partition(TRANSACTIONS.name, 3)])
    bench.feed(*(tx(block) for block in range(1000)))
    return bench


def test_an_alert_is_signed_and_carries_the_times_of_its_hops(bench: Bench) -> None:
    bench.feed(tx(1000, gas=99))
    (message,) = bench.alerts()
    verifier = Verifier({key_id(KEY.public_key()): KEY.public_key()})
    assert verifier.check(message, head=1025) == 1000 * 2**20
    assert hops(message.headers)["received"] == 7
    assert hops(message.headers)["scored"] > 7
    assert message.key == PROTOCOL.encode()


def test_a_retraction_withdraws_the_alert(bench: Bench) -> None:
    hash_ = "0x" + "ab" * 32
    bench.feed(make(1000, block=1000, index=0, block_hash=hash_, gas_used="99", writes=WRITES))
    bench.feed(
        Retraction(id="0" * 64, chain=CHAIN, number=1000, hash=hash_, parent=hash_, timestamp=0)
    )
    first, second = (decode_from(ALERTS, message.value or b"") for message in bench.alerts())
    assert isinstance(first, Alert)
    assert isinstance(second, Withdrawal)
    assert second.alert == first.id


def test_a_restart_goes_on_where_the_snapshot_ends(bench: Bench) -> None:
    partition = Partition(TRANSACTIONS.name, 3)
    bench.task.checkpoint({partition: bench.offset})
    again = Bench(bench.broker)
    assert again.task.assigned([partition])[partition] == bench.offset
    bench.feed(tx(1000, gas=99))
    again.offset = 1000
    again.feed(tx(1000, gas=99))
    first, second = bench.alerts()
    assert first.value == second.value


def test_a_state_of_another_version_is_learned_anew_from_where_it_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = Partition(TRANSACTIONS.name, 3)
    bench.task.checkpoint({partition: bench.offset})
    monkeypatch.setattr(Host, "layout", Host.layout + 1)
    again = Bench(bench.broker)
    assert again.task.assigned([partition])[partition] == bench.offset
    again.offset = 1000
    again.feed(tx(1000), tx(1001))
    assert again.metrics.scored.labels("core")._value.get() == 2
    again.task.checkpoint({partition: 1002})
    assert again.metrics.learned.labels("core")._value.get() == 0


def test_metrics_know_at_each_checkpoint_what_was_learned(bench: Bench) -> None:
    partition = Partition(TRANSACTIONS.name, 3)
    bench.task.checkpoint({partition: bench.offset})
    learned = bench.metrics.learned.labels("core")._value
    before = learned.get()
    assert before > 900
    bench.feed(tx(1000), tx(1001))
    bench.task.checkpoint({partition: bench.offset})
    assert learned.get() == before + 2


def test_what_a_snapshot_covers_is_skipped_when_read_again(bench: Bench) -> None:
    partition = Partition(TRANSACTIONS.name, 3)
    bench.task.checkpoint({partition: bench.offset})
    states = [
        decode_from(DETECTOR_STATE, m.value or b"")
        for m in bench.broker.log(Partition(DETECTOR_STATE.name, 3))
    ]
    again = Bench(bench.broker)
    again.task.assigned([partition])
    again.feed(*(tx(block) for block in range(1000)))
    again.task.checkpoint({partition: 1000})
    newer = [
        decode_from(DETECTOR_STATE, m.value or b"")
        for m in bench.broker.log(Partition(DETECTOR_STATE.name, 3))
    ]
    assert newer[: len(states)] == states
    assert len(newer) == len(states) + 1  # the mark alone: no protocol changed


def test_partitions_that_were_given_away_are_forgotten(bench: Bench) -> None:
    bench.task.released([Partition(TRANSACTIONS.name, 3)])
    with pytest.raises(KeyError):
        bench.feed(tx(1001))


def test_single_events_are_scored_by_contract_and_survive_a_restart() -> None:
    def serve(broker: MemoryBroker) -> DetectTask:
        producer, metrics = broker.producer(), Metrics()
        task = DetectTask(
            Intake(producer, metrics, "detect"),
            Publisher(producer, SystemClock(), metrics, Signer(KEY)),
            EventHostMaker({}, lambda _chain: 2),
            metrics,
            StateStore(broker, producer, "events"),
        )
        assert task.topics == (EVENTS.name,)
        task.assigned([Partition(EVENTS.name, 0)])
        return task

    broker = MemoryBroker()
    broker.create(TOPICS.values())
    ordinary = list(traffic.events(traffic.ODD, protocols=1))  # the last is out of the ordinary
    messages = [
        Message(
            EVENTS.name,
            0,
            offset,
            b"k",
            encode(msgspec.structs.replace(event, block=offset, log=0)),
            (),
        )
        for offset, event in enumerate(ordinary)
    ]
    first = serve(broker)
    first.process(messages[:990])
    first.checkpoint({Partition(EVENTS.name, 0): 990})
    second = serve(broker)
    second.process(messages[980:])  # ten of them twice
    alerts = [
        decode_from(ALERTS, message.value or b"")
        for number in range(ALERTS.partitions)
        for message in broker.log(Partition(ALERTS.name, number))
    ]
    newest = max((a for a in alerts if isinstance(a, Alert)), key=lambda alert: alert.block)
    assert (newest.set, newest.protocol, newest.block) == ("events", "p0", traffic.ODD - 1)
    names = [alert.id for alert in alerts if isinstance(alert, Alert)]
    assert len(set(names)) == len(names)


def test_a_protocols_name_leaves_room_for_a_contract() -> None:
    with pytest.raises(ConfigurationError, match="85 characters"):
        EventHostMaker({"p" * 86: None}, lambda _chain: 2)  # type: ignore[dict-item]


def test_a_state_that_would_not_fit_is_cut_rather_than_stopping_the_service(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = Partition(TRANSACTIONS.name, 3)
    monkeypatch.setattr(snapshots, "MAX_STATE_BYTES", 2_000)
    bench.task.checkpoint({partition: bench.offset})
    saved = [
        decode_from(DETECTOR_STATE, m.value or b"")
        for m in bench.broker.log(Partition(DETECTOR_STATE.name, 3))
    ]
    (state,) = [record for record in saved if isinstance(record, KeyState)]
    assert len(encode(state)) < 3_000
    again = Bench(bench.broker)
    again.task.assigned([partition])
    for one in (bench, again):
        one.offset = 1000
        one.feed(tx(1000, gas=99))
    first, second = bench.alerts()
    assert first.value == second.value


def test_unknown_protocols_beyond_the_bound_are_not_scored(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_HOSTS", 1)
    bench.feed(make(5000, block=5000, index=0, protocol="other", gas_used="1"))
    assert bench.metrics.unwatched.labels("core")._value.get() == 1
    bench.feed(tx(1000, gas=99))
    assert len(bench.alerts()) == 1


def test_a_state_that_cannot_be_cut_any_further_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MAX_STATE_BYTES", 10)
    with pytest.raises(UnsafeToContinueError, match="does not fit into a snapshot"):
        bench.task.checkpoint({Partition(TRANSACTIONS.name, 3): bench.offset})
