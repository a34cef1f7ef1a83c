"""From a record on the chain topic to the brake handed to the node: both services as they are run.

A real node with the sandbox's world on it mines nothing, so that the target stays open and every
alert calls for a brake again; the manifest's limits are lifted for the measurement. The clock
starts when the record of an attack is handed to the producer and stops where the responder notes
that the node took the transaction: decode, score, alert, signature check, decision, two writes to
the journal with fsync, simulation, signing and the node's answer lie between.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from eth_account import Account

from bench import traffic
from bench.latency import quantile
from bench.place import Place, quiet
from bench.report import BrokenResultError, Figure, Section
from bench.services import service, until
from runtime.broker import Consumer, Partition, Producer
from sandbox import fetch
from sandbox.arming import armed_by_two
from sandbox.deploy import deploy
from sandbox.node import LocalNode, NodeOptions
from sandbox.process import ChildProcess
from sandbox.world import World
from schemas.actions import Action
from schemas.chain import Transaction
from schemas.codec import decode, encode
from schemas.headers import hop_headers, hops
from schemas.topics import (
    ACTIONS,
    ALERTS,
    DEAD_LETTERS,
    DETECTOR_STATE,
    READINESS,
    TRANSACTIONS,
)

TITLE = "Chain topic to brake"

SECONDS = 20
PER_SECOND = 5
"""Brakes."""

_APART = 100_000
"""Seconds of block time between attacks, so that each is an incident of its own."""

_LIMITS = """one_detector_may_pause = true

[limits]
brakes_per_window = 1000000
window_seconds = 86400
cooldown_seconds = 0
alert_blocks = 1000
"""


def measure(place: Place) -> Section:
    """Measure beside ordinary transactions at two rates, the second also with a burst in front."""
    space = place.space()
    broker = place.broker(space)
    broker.create((TRANSACTIONS, ALERTS, ACTIONS, READINESS, DEAD_LETTERS, DETECTOR_STATE))
    node = LocalNode(
        place.folder / "node", fetch.anvil(place.cache, quiet), NodeOptions(mining=False)
    )
    with node:
        world = deploy(node, lambda name: fetch.npm_package(place.cache, name, quiet))
        attacks = _attacks(node, world)
        actions = broker.consumer()
        actions.assign({Partition(ACTIONS.name, n): 0 for n in range(ACTIONS.partitions)})
        producer = broker.producer()
        running = _services(place, space, node, world)
        figures: list[Figure] = []
        first, seconds = 1_000_000, 3 if place.short else SECONDS
        warm = (space, 1_000, seconds, 0, 0, 0)
        _round(place, warm, (producer, attacks, actions))
        for rate, burst in ((200, 0), (1_000, 0), (1_000, 10_000)):
            at_once = burst and place.size(burst)
            asked = (space, rate, seconds, 0, at_once, first)
            taken = _round(place, asked, (producer, attacks, actions))
            first += 1_000_000
            figures += _figures(rate, at_once, taken)
        for process in running:
            process.stop()
        actions.close()
    return Section(TITLE, tuple(figures))


def _services(place: Place, space: str, node: LocalNode, world: World) -> list[ChildProcess]:
    folder = place.folder / space.rstrip(".")
    path = world.write_manifest(folder / "protocols", "spot-oracle")
    text = path.read_text().replace(
        "transactions_per_false_alert = 5000", "transactions_per_false_alert = 400"
    )
    path.write_text(text + _LIMITS)
    key = world.accounts["responder"].signer.key
    _private(folder / "keystore.json", json.dumps(Account.encrypt(key, "secret", iterations=2)))
    _private(folder / "password", "secret\n")
    people = armed_by_two(folder / "journal.jsonl", folder / "people")
    respond: dict[str, object] = {
        "FIREBREAK_FINALITY": {f"eip155:{world.chain_id}": 64},
        "FIREBREAK_RESPOND__ENDPOINTS": [str(node.ipc)],
        "FIREBREAK_RESPOND__TRUSTED_KEYS": str(folder / "keys"),
        "FIREBREAK_RESPOND__JOURNAL": str(folder / "journal.jsonl"),
        "FIREBREAK_RESPOND__ARMING_KEYS": str(people),
        "FIREBREAK_RESPOND__KEYSTORE": str(folder / "keystore.json"),
        "FIREBREAK_RESPOND__KEYSTORE_PASSWORD_FILE": str(folder / "password"),
    }
    detect = service(place, space, "detect")
    return [detect, service(place, space, "respond", "--armed", settings=respond)]


def _private(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)


def _attacks(node: LocalNode, world: World) -> Iterator[Transaction]:
    """Yield attacks on the world's pool, all in the newest block."""
    head = node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the node's own order
    chance, number = random.Random(5), 0  # noqa: S311 - made-up data, nothing secret
    while True:
        number += 1
        block = int(head["number"], 16)
        tx = traffic.transaction(number, (block, number), chance, 0, odd=True)
        yield msgspec.structs.replace(
            tx,
            chain=f"eip155:{world.chain_id}",
            protocol="meadow",
            block_hash=head["hash"],
            timestamp=int(head["timestamp"], 16) + number * _APART,
        )


def _round(
    place: Place,
    asked: tuple[str, int, int, int, int, int],
    ends: tuple[Producer, Iterator[Transaction], Consumer],
) -> list[float]:
    """Attack at a steady rate beside a feed; return in order how many ms each brake took."""
    producer, attacks, actions = ends
    feed = place.start("bench.loops.feed", place.bootstrap, *asked)
    taken: list[float] = []
    states: dict[str, int] = {}

    def collect() -> None:
        for message in actions.fetch(500, 0.02):
            action = decode(message.value or b"", Action)
            said = f"{action.state}: {action.reason}"
            states[said] = states.get(said, 0) + 1
            if action.state == "broadcast":
                passed = hops(message.headers)
                taken.append((passed["sent"] - passed["received"]) / 1e6)

    sent, due = 0, time.monotonic()
    while feed.poll() is None or not sent:
        collect()
        if time.monotonic() >= due:
            due += 1 / PER_SECOND
            headers = hop_headers({"received": time.time_ns()})
            producer.send(TRANSACTIONS.name, encode(next(attacks)), key=b"meadow", headers=headers)
            sent += 1
    place.outcome(feed, "bench.loops.feed")

    def complete() -> bool:
        collect()
        return len(taken) >= sent

    try:
        until(complete, f"{sent} brakes")
    except BrokenResultError as error:
        raise BrokenResultError(f"{error}: {states}"[:1000]) from None
    return sorted(taken)


def _figures(rate: int, burst: int, taken: list[float]) -> Iterator[Figure]:
    name = f"beside {rate:,} records/s" + (f" after {burst:,} at once" if burst else "")
    for share in (0.5, 0.99):
        aim = "at most 25" if (rate, share, burst) == (1_000, 0.99, 0) else ""
        note = f"{len(taken):,} brakes" if share == 0.5 else ""
        yield Figure(f"{name}, p{share * 100:g}", (quantile(taken, share),), "ms", aim, note)
