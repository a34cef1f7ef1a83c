"""Floods of fresh addresses: memory stays capped, snapshots fit, and what matters is remembered.

The short flood runs with every change; ten million addresses take minutes (`make test-slow`).
"""

import resource
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from detectors.api import Scope
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address, make
from detectors.sets import load_set
from detectors.snapshots import MAX_STATE_BYTES
from runtime.settings import CORE
from schemas.chain import Flow, Log, Transaction
from schemas.manifest import Contract, Manifest, TokenInfo

POOL, TOKEN, OTHER = address(10), address(20), address(21)
FINALITY = 2


def host() -> Host:
    manifest = Manifest(
        protocol=PROTOCOL,
        chain=CHAIN,
        contracts=(Contract(address=POOL, role="pool"),),
        tokens=(TokenInfo(address=TOKEN, symbol="TKN", decimals=18),),
    )
    rules = Rules(set_name="core", finality=FINALITY, budget=1 / 400)
    return Host(Scope(CHAIN, PROTOCOL, manifest), rules, load_set(CORE, CORE))


def habit(block: int) -> Transaction:
    """An ordinary withdrawal of two tokens, one of which the manifest does not name."""
    user = address(900 + block % 50)
    flows = tuple(
        Flow(token=token, sender=POOL, to=user, amount=str(10**18 + block % 7 * 10**16))
        for token in (TOKEN, OTHER)
    )
    return make(block, block=block, index=0, sender=user, to=POOL, flows=flows, seen=("flows",))


def flood(block: int, index: int, width: int, start: int) -> Transaction:
    """A transaction in which the pool pays out tokens that nobody has ever seen, to strangers."""
    flows = tuple(
        Flow(token=address(10**12 + n), sender=POOL, to=address(2 * 10**12 + n), amount="1")
        for n in range(start, start + width)
    )
    logs = tuple(
        Log(log=n - start, contract=address(3 * 10**12 + n), name="Sync",
            arguments={"reserve0": "1000", "reserve1": "1000"})
        for n in range(start, start + width // 50)
    )  # fmt: skip
    return make(
        block * 100 + index, block=block, index=index, sender=address(start), to=POOL, flows=flows,
        logs=logs, seen=("flows", "logs"),
    )  # fmt: skip


def flooded(subject: Host, first: int, transactions: int, width: int) -> Iterator[int]:
    for number in range(transactions):
        block = first + number // 20
        subject.take(flood(block, number % 20 + 1, width, number * width))
        yield block


def baselines(subject: Host) -> dict[str, dict[str, object]]:
    state = subject.dump()["members"]["asset-outflow"]["state"]["state"]["baselines"]
    found: dict[str, dict[str, object]] = state["places"] | state["lobby"]
    return found


def check(subject: Host, before: dict[str, dict[str, object]]) -> None:
    after = baselines(subject)
    for token in (TOKEN, OTHER):
        assert after[f"outflow:{token}"] == before[f"outflow:{token}"]
    assert len(orjson.dumps(subject.dump())) < MAX_STATE_BYTES
    opinion, _ = subject.take(
        make(
            10**8, block=10**6, index=0, sender=address(5), to=POOL, seen=("flows",),
            flows=(Flow(token=TOKEN, sender=POOL, to=address(5), amount=str(10**24)),),
        )
    )  # fmt: skip
    assert opinion is not None
    assert opinion.views[0].score > 10.0


def grown() -> Host:
    subject = host()
    for block in range(100):
        subject.take(habit(block))
    subject.take(make(0, block=100 + FINALITY, index=0))  # now all of them are learned
    return subject


def test_a_flood_leaves_memory_capped_and_habits_known() -> None:
    subject = grown()
    list(flooded(subject, 110, 2, 10_000))  # whatever is allocated once is allocated here
    before = baselines(subject)
    tracemalloc.start()
    sizes = []
    for number, _ in enumerate(flooded(subject, 111, 30, 1_000)):
        if number % 10 == 9:
            sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(sizes) < 16 * 1024 * 1024
    check(subject, before)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_million_fresh_addresses_leave_memory_capped() -> None:
    subject = grown()
    before = baselines(subject)
    sizes = []
    # Each movement names two addresses that nobody has seen before: a token and who gets it.
    for number, _ in enumerate(flooded(subject, 110, 2_000, 2_500)):
        if number % 200 == 199:
            sizes.append(_resident())
    assert sizes[-1] - sizes[0] < 32 * 1024 * 1024, sizes
    check(subject, before)


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()
