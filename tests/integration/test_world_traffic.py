"""Ordinary life on the sandbox's chain."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.deploy import deploy
from sandbox.evm import Chain
from sandbox.habits import HABITS
from sandbox.node import LocalNode, NodeOptions
from sandbox.traffic import Sent, Traffic
from sandbox.world import World

pytestmark = pytest.mark.node

BLOCKS, PER_BLOCK = 60, 40
FIRST_BLOCKS = 6


class Life:
    """A stretch of traffic, lived once for all tests."""

    def __init__(self, node: LocalNode, world: World) -> None:
        self.node, self.world, self.chain = node, world, Chain(node)
        traffic = Traffic(world, node, seed=1)
        self.start = int(node.rpc("eth_blockNumber"), 16) + 1
        self.blocks = [traffic.block(PER_BLOCK) for _ in range(BLOCKS)]

    @property
    def sent(self) -> Sequence[Sent]:
        return [sent for block in self.blocks for sent in block]


def live(cache: Path, folder: Path) -> LocalNode:
    return LocalNode(folder, fetch.anvil(cache, print), NodeOptions(mining=False))


def settle(node: LocalNode, cache: Path) -> World:
    return deploy(node, lambda name: fetch.npm_package(cache, name, print))


@pytest.fixture(scope="module")
def life(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with live(cache, tmp_path_factory.mktemp("life")) as node:
        yield Life(node, settle(node, cache))


def test_only_what_is_meant_to_fail_fails(life: Life) -> None:
    failed = {s.hash for s in life.sent if life.chain.receipt(s.hash)["status"] == "0x0"}
    assert failed == {s.hash for s in life.sent if s.fails}
    assert 0 < len(failed) < len(life.sent) / 20


def test_every_transaction_is_in_the_block_it_was_sent_for(life: Life) -> None:
    for offset, block in enumerate(life.blocks):
        number = hex(life.start + offset)
        assert {life.chain.receipt(s.hash)["blockNumber"] for s in block} == {number}


def test_the_same_seed_gives_the_same_transactions(life: Life, cache: Path, tmp_path: Path) -> None:
    with live(cache, tmp_path / "again") as node:
        traffic = Traffic(settle(node, cache), node, seed=1)
        again = [traffic.block(PER_BLOCK) for _ in range(FIRST_BLOCKS)]
        other = Traffic(traffic.world, node, seed=2).block(PER_BLOCK)
    assert again == life.blocks[:FIRST_BLOCKS]
    assert [s.doing for s in other] != [s.doing for s in life.blocks[FIRST_BLOCKS]]


def test_many_people_do_many_things(life: Life) -> None:
    doing = Counter(sent.doing for sent in life.sent)
    habits = {habit.__name__ for habit, _ in HABITS}
    assert len(life.sent) >= 2_000
    assert len({sent.sender for sent in life.sent}) >= 40
    assert habits | {"approve", "arbitrageur"} <= doing.keys()
    assert max(doing.values()) < len(life.sent) / 3


def test_no_sender_is_in_a_block_twice(life: Life) -> None:
    for block in life.blocks:
        assert len({sent.sender for sent in block}) == len(block) == PER_BLOCK


def test_a_bot_trades_with_borrowed_funds(life: Life) -> None:
    creation, *trades = [
        life.chain.receipt(sent.hash) for sent in life.sent if sent.doing == "arbitrageur"
    ]
    borrowed = [trade for trade in trades if trade["to"] == creation["contractAddress"]]
    assert len(borrowed) >= 2
    assert all(len(trade["logs"]) >= 9 for trade in borrowed)


def test_sizes_are_heavy_tailed(life: Life) -> None:
    topic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    question = {
        "fromBlock": hex(life.start),
        "address": life.world.tokens.dollar.address,
        "topics": [topic],
    }
    sizes = sorted(int(log["data"], 16) for log in life.node.rpc("eth_getLogs", question))
    assert len(sizes) > 300
    assert sizes[len(sizes) * 99 // 100] > 20 * sizes[len(sizes) // 2]


def test_the_thin_pair_stays_near_the_deep_ones(life: Life) -> None:
    world, chain = life.world, life.chain

    def price(pair: str, token: str) -> float:
        contract = getattr(world.pairs, pair)
        reserves = chain.read(contract, "getReserves")
        first = chain.read(contract, "token0")[0] == getattr(world.tokens, token).address
        ours, theirs = reserves[:2] if first else reserves[1::-1]
        return float(theirs / ours)

    around = price("cross", "clover") * price("deep", "weth")
    assert price("thin", "clover") == pytest.approx(around, rel=0.05)


def test_no_more_transactions_than_people(life: Life) -> None:
    traffic = Traffic(life.world, life.node)
    with pytest.raises(ValueError, match="64 people cannot send 65"):
        traffic.send(65)
