"""When a record counts as done, and how the Faust app is set up."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import faust
import pytest
from faust.types import AppT, EventT

from incidents.app import ConfirmedTable, Desk, build
from incidents.casework import Casework
from incidents.outbox import Outbox
from runtime.metrics import Metrics
from runtime.settings import IncidentsSettings, KafkaSettings, Settings
from schemas.codec import encode
from schemas.topics import ALERTS, INCIDENTS
from tests.unit.incidents.builders import alert, incident


class Table(dict[bytes, bytes]):
    """A table whose changelog confirms when the test says so."""

    def __init__(self) -> None:
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.written = asyncio.Event()

    def __setitem__(self, key: bytes, value: bytes) -> None:
        super().__setitem__(key, value)
        self.written.set()


class Delivery:
    """A producer that delivers at once, or fails."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, bytes]] = []
        self.fault: Exception | None = None

    async def send_and_wait(self, topic: str, key: bytes, *_rest: object) -> None:
        if self.fault is not None:
            raise self.fault
        self.delivered.append((topic, key))


class Bench:
    """A desk with the table and the producer of a test."""

    def __init__(self) -> None:
        self.table, self.delivery = Table(), Delivery()
        outbox = Outbox()
        self.desk = Desk(
            cast("AppT", SimpleNamespace(producer=self.delivery)),
            cast("ConfirmedTable", self.table),
            "test.",
            Casework(outbox, Metrics(), None),
            outbox,
        )

    async def work(self, topic: str = "test." + ALERTS.name) -> None:
        raw = SimpleNamespace(
            topic=topic, partition=0, offset=0, key=b"meadow", value=encode(alert(1)), headers=None
        )
        await self.desk.work(cast("EventT[Any]", SimpleNamespace(message=raw)))


def test_a_record_is_done_only_when_the_changelog_has_it() -> None:
    async def scenario() -> None:
        bench = Bench()
        work = asyncio.create_task(bench.work())
        await bench.table.written.wait()
        assert not work.done()
        assert bench.delivery.delivered == [
            ("test." + INCIDENTS.name, f"meadow/{incident(1)}".encode())
        ]
        bench.table.confirmed.set_result(None)
        await work

    asyncio.run(scenario())


def test_a_record_is_not_done_when_its_case_was_not_delivered() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.delivery.fault = OSError("gone")
        with pytest.raises(OSError, match="gone"):
            await bench.work()
        assert bench.table == {}

    asyncio.run(scenario())


def test_a_record_is_not_done_when_the_changelog_refused_it() -> None:
    async def scenario() -> None:
        bench = Bench()
        bench.table.confirmed.set_exception(OSError("full"))
        with pytest.raises(OSError, match="full"):
            await bench.work()

    asyncio.run(scenario())


def built(settings: Settings, home: Path, copies: int = 1) -> tuple[faust.App, ConfirmedTable]:
    outbox, failures = Outbox(), list[Exception]()
    casework = Casework(outbox, Metrics(), None)
    return build(settings, home, casework, outbox, failures.append, copies=copies)


def test_the_app_keeps_to_its_namespace_its_folder_and_its_address(tmp_path: Path) -> None:
    settings = Settings(
        kafka=KafkaSettings(namespace="test."),
        incidents=IncidentsSettings(web_host="127.0.0.1", web_port=6066),
    )
    app, table = built(settings, tmp_path, copies=3)
    assert app.conf.id == "test.firebreak-incidents"
    assert table.changelog_topic_name == "test.firebreak-incidents-cases-changelog"
    assert table.partitions == ALERTS.partitions
    assert app.conf.datadir == tmp_path
    assert app.conf.topic_replication_factor == 3
    assert (app.conf.web_bind, app.conf.web_port) == ("127.0.0.1", 6066)


def test_records_fetched_before_the_flow_resumes_are_kept(tmp_path: Path) -> None:
    async def scenario() -> None:
        app, _ = built(Settings(), tmp_path)
        queue = app.topic(ALERTS.name).queue
        queue.put_nowait("a record")
        app.flow_control.resume()
        assert queue.qsize() == 1

    asyncio.run(scenario())
