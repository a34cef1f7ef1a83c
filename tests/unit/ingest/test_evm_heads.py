"""Heads are heard of whatever happens to a connection."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest.evm import heads as heads_module
from ingest.evm.connection import Connection
from ingest.evm.endpoints import Endpoint
from ingest.evm.errors import NoAnswerError
from ingest.evm.heads import HINTS_KEPT, Heads, HeadWatch, Hint
from ingest.evm.transport import Heard
from schemas.operations import BlockRef
from tests.clock import ManualClock
from tests.unit.ingest.fake_node import FakeConnection


def header(number: int) -> dict[str, str]:
    return {
        "number": hex(number),
        "hash": f"0x{number:064x}",
        "parentHash": f"0x{number - 1:064x}",
        "timestamp": hex(number),
    }


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SILENCE_SECONDS", "POLL_SECONDS", "SHORTEST_REST", "LONGEST_REST"):
        monkeypatch.setattr(heads_module, name, 0.001)


class Announcing(FakeConnection):
    """Says what it is told to; breaks when it is told to."""

    def __init__(self, latest: Iterator[int], *, subscribes: bool = True) -> None:
        super().__init__({}, "node")
        self._latest = latest
        self._subscribes = subscribes
        self.heard: Heard | None = None
        self.subscriptions = 0
        self.broken = asyncio.Event()

    def twin(self, heard: Heard) -> Connection:
        self.heard = heard
        return self

    @property
    def can_subscribe(self) -> bool:
        return self._subscribes

    async def request(self, method: str, *params: Any) -> Any:
        if method == "eth_subscribe":
            self.subscriptions += 1
            self.broken.clear()
            return "0x1"
        number = next(self._latest)
        if number < 0:
            raise NoAnswerError("down")
        return header(number)

    async def ended(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self.broken.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        self.broken.clear()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


def watch(connection: Announcing, condition: Callable[[Endpoint, list[Hint]], bool]) -> list[int]:
    """Run a watch until the condition holds; return the heads it told of."""

    async def run() -> list[int]:
        connection.broken = asyncio.Event()
        endpoint, told = Endpoint(connection), list[Hint]()
        task = asyncio.create_task(HeadWatch(endpoint, told.append, ManualClock()).run())
        await until(lambda: condition(endpoint, told))
        task.cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(task, return_exceptions=True)
        return [hint.head.number for hint in told]

    return asyncio.run(run())


def counting(*numbers: int) -> Iterator[int]:
    yield from numbers
    while True:
        yield numbers[-1]


def test_what_a_node_announces_is_told_at_once() -> None:
    connection = Announcing(counting(5))

    def announced(endpoint: Endpoint, told: list[Hint]) -> bool:
        if told and endpoint.head == 5 and connection.heard is not None:
            connection.heard(header(6))
        return endpoint.head == 6

    assert 6 in watch(connection, announced)


def test_after_a_lost_connection_it_subscribes_again_and_asks_what_it_missed() -> None:
    connection = Announcing(counting(5, 9))

    def lost(endpoint: Endpoint, told: list[Hint]) -> bool:
        connection.broken.set()
        return connection.subscriptions >= 2 and endpoint.head == 9

    told = watch(connection, lost)
    assert told[0] == 5
    assert 9 in told


def test_a_silent_subscription_is_found_out_and_made_again() -> None:
    connection = Announcing(counting(5, 5, 6, 6))
    told = watch(connection, lambda endpoint, _: connection.subscriptions >= 2)
    assert 6 in told


def test_a_quiet_chain_is_no_reason_to_subscribe_again() -> None:
    connection = Announcing(counting(5))
    watch(connection, lambda _, told: len(told) > 5)
    assert connection.subscriptions == 1


def test_an_endpoint_without_subscriptions_is_polled() -> None:
    connection = Announcing(counting(5, 6, 7), subscribes=False)
    assert watch(connection, lambda endpoint, _: endpoint.head == 7)[:3] == [5, 6, 7]


def test_failures_are_lived_through() -> None:
    connection = Announcing(counting(-1, -1, 5), subscribes=False)
    assert watch(connection, lambda endpoint, _: endpoint.head == 5)[0] == 5


def test_what_cannot_be_read_is_passed_over() -> None:
    connection = Announcing(counting(5))

    def announced(endpoint: Endpoint, told: list[Hint]) -> bool:
        if connection.heard is not None and endpoint.head:
            connection.heard(None)
            connection.heard({"number": "x"})
            connection.heard(header(6))
        return endpoint.head == 6

    assert set(watch(connection, announced)) == {5, 6}


def test_of_too_many_hints_the_oldest_are_dropped() -> None:
    async def run() -> int:
        heads = Heads()
        for number in range(HINTS_KEPT + 5):
            head = BlockRef(number=number, hash="", parent="", timestamp=0)
            heads.tell(Hint(head, number))
        first = await heads.next(1.0)
        assert first is not None
        return first.received

    assert asyncio.run(run()) == 5


def test_without_a_hint_waiting_ends() -> None:
    assert asyncio.run(Heads().next(0.001)) is None


@pytest.mark.parametrize("steps", range(5))
def test_a_stop_that_comes_together_with_a_hint_is_not_lost(steps: int) -> None:
    async def run() -> None:
        heads = Heads()

        async def listen() -> None:
            while True:
                await heads.next(10.0)

        listening = asyncio.create_task(listen())
        await asyncio.sleep(0.001)
        heads.tell(Hint(BlockRef(number=1, hash="", parent="", timestamp=0), 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        listening.cancel()
        ended, _ = await asyncio.wait([listening], timeout=1)
        assert ended

    asyncio.run(run())
