"""Robberies on nodes of their own, made once for all tests here that only look at them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from forensics.cases.analysis import Analysis
from forensics.cases.casefile import CaseFile
from forensics.cases.collection import Order, Sources, collect
from forensics.cases.investigation import Reach
from runtime.clock import SystemClock
from runtime.evm_verbatim import Verbatim
from runtime.memory import MemoryBroker
from sandbox import fetch
from sandbox.deployer import Packages
from sandbox.node import LocalNode, NodeOptions
from sandbox.world import Scenario
from schemas.topics import TOPICS
from tests.integration.cases.heist import Heist, labels, rob, scatter_coin, scatter_dollars, told

AGO = 3600
"""Seconds before now at which the chain begins: it is mined faster than its blocks say, and no real
chain is ahead of the clock by which evidence is stamped."""


@dataclass(frozen=True, slots=True)
class Collected:
    """A heist, and the evidence of it."""

    heist: Heist
    node: Path
    """Its socket."""
    folder: Path
    analysis: Analysis
    case: CaseFile


def order(heist: Heist) -> Order:
    """What is asked for."""
    return Order(
        incident=heist.incident[:16],
        who="Ada Example, on call",
        why="Robbery of 28 November <i>",
        reach=Reach(lookback=30, follow=60),
        labels=labels(heist),
    )


def sources(heist: Heist, node: Path, folder: Path) -> Sources:
    """Where it is collected from."""
    heist.world.write_manifest(folder, heist.scenario)
    broker = MemoryBroker()
    broker.create(TOPICS.values())
    told(heist, broker)
    return Sources(
        broker=broker,
        nodes=[Verbatim(str(node), 30.0)],
        protocols=folder,
        clock=SystemClock(),
    )


def packages_of(cache: Path) -> Packages:
    """Give pinned packages, without a word."""
    return lambda name: fetch.npm_package(cache, name, lambda _: None)


@contextmanager
def collected(
    cache: Path, place: Path, attack: Scenario, scatter: Callable[[Heist], None]
) -> Iterator[Collected]:
    """Rob a contract on a node, move the loot on, and collect the evidence."""
    anvil = fetch.anvil(cache, lambda _: None)
    began = ("--timestamp", str(int(time.time()) - AGO))
    with LocalNode(place / "node", anvil, NodeOptions(mining=False, further=began)) as node:
        heist = rob(node, packages_of(cache), attack)
        scatter(heist)
        folder = place / "evidence"
        asked = sources(heist, node.ipc, place / "protocols")
        analysis = collect(order(heist), asked, folder, None)
        yield Collected(heist, node.ipc, folder, analysis, CaseFile.opened(folder))


@pytest.fixture(scope="session")
def robbed(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    """The lending pool was robbed, its dollars scattered, the evidence collected."""
    place = tmp_path_factory.mktemp("h")
    with collected(cache, place, "spot-oracle", scatter_dollars) as found:
        yield found


@pytest.fixture(scope="session")
def drained(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    """The vault was robbed of coin, and the coin wrapped and sent on."""
    place = tmp_path_factory.mktemp("d")
    with collected(cache, place, "reentrancy", scatter_coin) as found:
        yield found
