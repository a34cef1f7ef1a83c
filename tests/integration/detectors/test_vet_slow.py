"""What `firebreak vet` runs, on a real broker, with a judge that takes its time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from detectors.publisher import Publisher
from detectors.vet_service import VetTask
from detectors.vetting import Vetting
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.kafka import KafkaBroker
from runtime.lag import LagGauge
from runtime.loop import Loop
from runtime.metrics import Metrics
from runtime.signatures import Signer
from schemas.alerts import Alert
from schemas.chain import Deployment
from schemas.codec import encode
from schemas.topics import ALERTS, BLOCKS, DEAD_LETTERS, DEPLOYMENTS
from tests.integration.incidents.running import everything
from tests.unit.detectors.test_service import KEY
from tests.unit.detectors.test_vetting import MEADOW, NAMES_POOL, code_of, deployment
from tests.waiting import until

pytestmark = pytest.mark.kafka

WAITING = 7


class Slow(Vetting):
    """Judges when it is let."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__("vet", {"meadow": MEADOW}, metrics)
        self.may = threading.Semaphore(0)

    def of_chain(self, record: Deployment) -> list[Alert]:
        self.may.acquire()
        return super().of_chain(record)


def test_contracts_wait_for_a_slow_judge_which_shows_and_none_is_passed_over(
    broker: KafkaBroker,
) -> None:
    broker.create((DEPLOYMENTS, BLOCKS, ALERTS, DEAD_LETTERS))
    producer, metrics, stop = broker.producer(), Metrics(), threading.Event()
    code = code_of("SpotAttack", NAMES_POOL)
    for number in range(WAITING):
        made = deployment(code, id=f"{number:064x}", index=number)
        producer.send(DEPLOYMENTS.name, encode(made), key=b"chain", partition=0)
    producer.flush()
    judge = Slow(metrics)
    publisher = Publisher(producer, SystemClock(), metrics, Signer(KEY))
    task = VetTask(Intake(producer, metrics, "vet"), publisher, judge, metrics)
    consumer = broker.consumer("firebreak-vet")

    def look() -> None:
        LagGauge(consumer.lags, metrics, SystemClock()).look()

    loop = Loop(consumer, task, SystemClock(), beat=look, interval=0, limit=1)

    def shown() -> float | None:
        labels = {"topic": DEPLOYMENTS.name, "partition": "0"}
        return metrics.registry.get_sample_value("firebreak_consumer_lag", labels)

    with ThreadPoolExecutor(1) as hands:
        working = hands.submit(loop.run, stop)
        try:
            judge.may.release()
            until(lambda: len(everything(broker, ALERTS)) == 1)
            until(lambda: shown() == WAITING - 1)
            judge.may.release(WAITING)
            until(lambda: len(everything(broker, ALERTS)) == WAITING)
            until(lambda: shown() == 0)
        finally:
            judge.may.release(WAITING)
            stop.set()
            working.result(60)
