"""What browsers are told: often enough, never too often, nothing after their session."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from console import stream as module
from console.stream import MOST_OF_ONE, Stream
from runtime.metrics import Metrics
from tests.unit.console.scene import Console


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY", 0.02)
    monkeypatch.setattr(module, "BEAT", 0.05)


def regions(event: bytes) -> list[str]:
    found: list[str] = json.loads(event.partition(b"data: ")[2])
    return found


async def next_of(events: AsyncIterator[bytes]) -> bytes:
    async with asyncio.timeout(5):
        return await anext(events)


def test_a_thousand_changes_are_one_event() -> None:
    async def scene() -> None:
        stream = Stream(Metrics())
        events = stream.events(lambda: False)
        assert (await next_of(events)).startswith(b"retry")
        waiting = asyncio.ensure_future(next_of(events))
        await asyncio.sleep(0)
        for number in range(1000):
            stream.tell(frozenset({"alerts", f"case:{number % 3}"}))
        assert regions(await waiting) == ["alerts", "case:0", "case:1", "case:2"]
        assert regions(await next_of(events)) == [], "and then a sign of life"

    asyncio.run(scene())


def test_of_very_many_cases_only_that_some_changed() -> None:
    async def scene() -> None:
        stream = Stream(Metrics())
        events = stream.events(lambda: False)
        await next_of(events)
        waiting = asyncio.ensure_future(next_of(events))
        await asyncio.sleep(0)
        stream.tell(frozenset({"cases", *(f"case:{number}" for number in range(500))}))
        assert regions(await waiting) == ["*", "cases"]

    asyncio.run(scene())


def test_it_ends_with_the_session_and_says_so() -> None:
    async def scene() -> None:
        metrics, over = Metrics(), [False]
        stream = Stream(metrics)
        events = stream.events(lambda: over[0])
        await next_of(events)
        await next_of(events)
        over[0] = True
        assert (await next_of(events)).startswith(b"event: over")
        with pytest.raises(StopAsyncIteration):
            await next_of(events)
        assert metrics.console_streams._value.get() == 0

    asyncio.run(scene())


def test_when_the_console_ends_everybody_is_sent_away_at_once() -> None:
    async def scene() -> None:
        stream = Stream(Metrics())
        events = stream.events(lambda: False)
        await next_of(events)
        await next_of(events)
        stream.end()
        async with asyncio.timeout(5):
            rest = [event async for event in events]
        assert len(rest) <= 1

    asyncio.run(scene())


def test_nobody_opens_streams_without_end() -> None:
    console = Console()
    browser = console.sign_in("vic")
    (session,) = console.desk.sessions.signed_in()
    session.streams = MOST_OF_ONE
    assert browser.get("/events").status_code == 429
