"""The process: settings under which it does not start, and how it ends."""

import asyncio
import socket
from typing import Any

import httpx
import pytest

from console.service import desk_of, run
from console.trust import Trust
from runtime.memory import MemoryBroker
from runtime.service import Service
from runtime.settings import Settings
from sandbox.ports import free_port
from schemas.codec import encode
from schemas.errors import ConfigurationError
from schemas.topics import ALERTS, TOPICS
from tests.unit.console.scene import alert

PEOPLE = [{"name": "ana", "role": "viewer", "subjects": ["a"]}]


def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create(TOPICS.values())
    made.milliseconds = 2**50  # of whatever time it is here, it is recent
    return made


def settings(**console: Any) -> Settings:
    return Settings.model_validate({"console": {"people": PEOPLE} | console})


@pytest.mark.parametrize(
    ("console", "words"),
    [
        ({"people": []}, "nobody may come in"),
        ({"host": "0.0.0.0"}, "set console.url"),
    ],
)
def test_settings_under_which_nobody_comes_in_safely(console: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        desk_of(settings(**console), broker(), Service("console"), Trust())


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        own = settings(port=taken.getsockname()[1])
        service = Service("console")
        with pytest.raises(ConfigurationError, match="FIREBREAK_CONSOLE__PORT"):
            asyncio.run(run(desk_of(own, broker(), service, Trust()), service))


def test_it_reads_answers_and_ends_when_it_is_told_to() -> None:
    log, service, port = broker(), Service("console"), free_port()
    producer = log.producer()
    producer.send(ALERTS.name, encode(alert()), key=b"meadow")
    producer.flush()
    desk = desk_of(settings(port=port), log, service, Trust())

    async def scene() -> int:
        running = asyncio.create_task(run(desk, service))
        status = 0
        async with asyncio.timeout(20), httpx.AsyncClient(trust_env=False) as browser:
            while status != 200 or not desk.picture.alerts:
                await asyncio.sleep(0.02)
                try:
                    answer = await browser.get(f"http://127.0.0.1:{port}/login")
                    status = answer.status_code
                except httpx.HTTPError:
                    assert not running.done()
        service.stop.set()
        await running
        return status

    assert asyncio.run(scene()) == 200
    assert service.health.alive()
