"""Ten times the usual load in front of an attack: memory stays, and the alert does not wait."""

import time
from pathlib import Path
from random import Random

import msgspec
import pytest

from detectors import samples
from schemas.alerts import Alert
from schemas.chain import Flow, Transaction
from schemas.codec import decode_from, encode
from schemas.headers import hop_headers, hops
from schemas.ids import content_id
from schemas.topics import ALERTS, TRANSACTIONS
from tests.faults.deployment import Deployment
from tests.publication import log
from tests.waiting import until

pytestmark = [pytest.mark.node, pytest.mark.kafka, pytest.mark.faults]

PROTOCOLS = 40
USUAL, BURST = 80, 800
"""Records a second."""
SECONDS = 8
ATTACKS = 40
SLO = 2.0
"""Seconds from the record to its alert for 99 of 100, on a machine that also runs the broker, the
load and other things: a queue that built up would take ten. `make bench` has the real figure."""
MOST_GROWTH = 150 * 2**20


def ordinary(number: int, chance: Random) -> Transaction:
    tx = samples.transaction(number, chance)
    return named(tx, f"protocol-{number % PROTOCOLS}")


def attack(number: int, chance: Random) -> Transaction:
    pool, thief = samples.address(10), samples.address(666)
    flows = tuple(
        Flow(token=samples.address(n), sender=pool, to=thief, amount=str(10**30))
        for n in range(20, 26)
    )
    return named(msgspec.structs.replace(ordinary(number, chance), flows=flows), "protocol-1")


def named(tx: Transaction, protocol: str) -> Transaction:
    name = content_id("transaction", samples.CHAIN, protocol, tx.tx)
    return msgspec.structs.replace(tx, protocol=protocol, id=name)


def memory(pid: int) -> int:
    """Return what a process holds, in bytes."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    (row,) = (row for row in rows if row.startswith("VmRSS:"))
    return int(row.split()[1]) * 1024


def test_a_burst_in_front_of_an_attack_neither_fills_memory_nor_delays_the_alert(
    deployment: Deployment, chance: Random
) -> None:
    producer = deployment.broker.producer()
    number = 0

    def send(tx: Transaction) -> None:
        nonlocal number
        number += 1
        beside = hop_headers({"received": time.time_ns()})
        producer.send(TRANSACTIONS.name, encode(tx), key=tx.protocol.encode(), headers=beside)

    for _ in range(PROTOCOLS * 60):
        send(ordinary(number, chance))
    producer.flush()
    process = deployment.start("detect")
    until(lambda: deployment.behind("firebreak-detect-core", TRANSACTIONS.name) == 0, 120)
    held, highest = memory(process.pid), 0
    for rate in (USUAL, BURST):
        began, sent = time.monotonic(), 0
        while sent < rate * SECONDS:
            strikes = rate == BURST and sent % (BURST * SECONDS // ATTACKS) == 0
            send((attack if strikes else ordinary)(number, chance))
            sent += 1
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
            if sent % rate == 0:
                highest = max(highest, memory(process.pid))
    producer.flush()
    until(lambda: deployment.behind("firebreak-detect-core", TRANSACTIONS.name) == 0, 120)
    assert highest - held < MOST_GROWTH
    waits = sorted(
        (hops(message.headers)["scored"] - hops(message.headers)["received"]) / 1e9
        for message in log(deployment.broker, ALERTS)
        if struck(message.value or b"")
    )
    assert len(waits) >= ATTACKS // 2, "most attacks are alerted on"
    assert waits[int(len(waits) * 0.99)] < SLO


def struck(value: bytes) -> bool:
    record = decode_from(ALERTS, value)
    return isinstance(record, Alert) and record.protocol == "protocol-1"
