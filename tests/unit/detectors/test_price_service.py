"""Prices travel live in the partition of the protocol that asked for them, and alert from there."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from detectors.builtin.depeg import Depeg
from detectors.builtin.price_divergence import PriceDivergence
from detectors.publisher import Publisher
from detectors.samples import CHAIN, PROTOCOL
from detectors.service import DetectTask
from detectors.sets import HostMaker
from runtime.broker import Message, Partition
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from runtime.signatures import Signer
from runtime.state import StateStore
from schemas.alerts import Alert
from schemas.chain import Block, Price
from schemas.codec import decode_from, encode
from schemas.ids import content_id
from schemas.manifest import Market
from schemas.topics import ALERTS, TOPICS, TRANSACTIONS
from tests.unit.detectors.bars import bouncing, manifest, series

PLACE = Partition(TRANSACTIONS.name, 3)


class Live:
    """A detect service that watches one protocol with one market."""

    def __init__(self, broker: MemoryBroker) -> None:
        self.broker = broker
        producer, metrics = broker.producer(), Metrics()
        described = manifest(Market(market="m", asset="X", peg=Decimal(1)))
        self.task = DetectTask(
            Intake(producer, metrics, "detect"),
            Publisher(producer, SystemClock(), metrics, Signer(Ed25519PrivateKey.generate())),
            HostMaker(
                "core",
                {"depeg": Depeg, "price-divergence": PriceDivergence},
                {PROTOCOL: described},
                lambda _chain: 4,
            ),
            metrics,
            StateStore(broker, producer, "core"),
        )
        self.task.assigned([PLACE])

    def feed(self, prices: Iterable[Price], start: int, key: str = PROTOCOL) -> None:
        self.task.process(
            [
                Message(PLACE.topic, PLACE.number, offset, key.encode(), encode(price), ())
                for offset, price in enumerate(prices, start)
            ]
        )

    def alerts(self) -> list[Alert]:
        found = []
        for number in range(ALERTS.partitions):
            for message in self.broker.log(Partition(ALERTS.name, number)):
                record = decode_from(ALERTS, message.value or b"")
                assert isinstance(record, Alert)
                found.append(record)
        return found


def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create(TOPICS.values())
    return made


def test_a_lost_peg_alerts_in_the_name_of_the_protocol_and_survives_a_restart() -> None:
    kept = broker()
    live = Live(kept)
    live.feed(series("m", bouncing(300)), 0)
    assert live.alerts() == []
    live.task.checkpoint({PLACE: 300})

    again = Live(kept)
    again.feed(series("m", [0.94, 0.93], first=300), 300)
    first, second = again.alerts()
    assert (first.protocol, first.set) == (PROTOCOL, "core")
    assert first.votes[0].detector == "depeg"
    assert first.votes[0].learned >= 300
    assert first.id != second.id


def test_an_alert_about_a_price_is_as_old_as_the_chain() -> None:
    live = Live(broker())
    block = Block(
        id=content_id("block", CHAIN, "0x1"),
        chain=CHAIN,
        number=5_000,
        hash="0x" + "1" * 64,
        parent="0x" + "0" * 64,
        timestamp=1,
        transactions=0,
    )
    live.task.process([Message(PLACE.topic, PLACE.number, 0, CHAIN.encode(), encode(block), ())])
    live.feed(series("m", bouncing(300) + [0.9] * 5), 1)
    assert {alert.block for alert in live.alerts()} == {5_000}
    assert all("bars is as unusual" in alert.summary for alert in live.alerts())
    live.task.checkpoint({PLACE: 306})
    again = Live(live.broker)
    again.feed(series("m", bouncing(300) + [0.9] * 5 + [0.8] * 5), 1)
    assert {alert.block for alert in again.alerts()} == {5_000}


@pytest.mark.parametrize("part", ["close", "volume"])
def test_a_price_that_is_no_number_says_nothing(part: str) -> None:
    live = Live(broker())
    (price,) = series("m", [1.0])
    live.feed([msgspec.structs.replace(price, **{part: "much"})], 0)
    assert live.alerts() == []


def test_a_price_that_no_manifest_asked_for_is_passed_over() -> None:
    live = Live(broker())
    live.feed(series("m", [*bouncing(300), 0.9]), 0, key="nobody")
    assert live.alerts() == []
