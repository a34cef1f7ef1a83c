"""Writes ordinary transactions at a steady rate and, among them, probes that must alert.

    python -m bench.loops.feed BOOTSTRAP NAMESPACE RATE SECONDS PROBES_PER_SECOND BURST FIRST

BURST records go out at once in front. Every record says in its headers when it was sent, as ingest
says when it heard of a block.
"""

import json
import random
import sys
import time
from collections.abc import Iterator

import msgspec

from bench import traffic
from runtime.kafka import KafkaBroker
from schemas.chain import Transaction
from schemas.headers import hop_headers
from schemas.topics import TRANSACTIONS

PROBED = 16
"""Protocols among which the probes go round: never learned from, so that each one alerts."""


def probes(first: int) -> Iterator[Transaction]:
    """Yield transactions built like an attack, all in one block of protocols of their own."""
    chance = random.Random(9)  # noqa: S311 - made-up data, nothing secret
    number = first
    while True:
        place = (1_000_000, number)
        tx = traffic.transaction(number, place, chance, 1_000 + number % PROBED, odd=True)
        yield msgspec.structs.replace(tx, tx=f"0x{0xABCDEF:032x}{number:032x}")
        number += 1


def main() -> None:
    """Prepare everything, then send it when it is due."""
    bootstrap, space = sys.argv[1:3]
    rate, seconds, probed, burst, first = map(int, sys.argv[3:])
    total = burst + rate * seconds
    ordinary, special = traffic.transactions(total, seed=first), probes(first)
    every = max(1, rate // probed) if probed else total + 1
    prepared, sent = [], 0
    for number in range(total):
        probe = number >= burst and number % every == every - 1
        tx = next(special) if probe else next(ordinary)
        sent += probe
        prepared.append((tx.protocol.encode(), msgspec.json.encode(tx)))
    producer = KafkaBroker({"bootstrap.servers": bootstrap}, namespace=space).producer()
    began = time.perf_counter() + 0.1
    late = 0.0
    for number, (key, value) in enumerate(prepared):
        due = began + max(0, number - burst) / rate
        while (early := due - time.perf_counter()) > 0:
            time.sleep(early)
        late = max(late, -early)
        headers = hop_headers({"received": time.time_ns()})
        producer.send(TRANSACTIONS.name, value, key=key, headers=headers)
    producer.flush()
    sys.stdout.write(json.dumps({"probes": sent, "late": late}) + "\n")


if __name__ == "__main__":
    main()
