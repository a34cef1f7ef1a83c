"""The Faust app: partitions, tables and delivery. What a record means is decided in `casework`.

A record is acknowledged last: once its case is in the changelog and on its topic, both confirmed by
the broker. Killed before that, the record comes again and both are written again. Faust's own
acknowledgement is switched off, because it also takes place when an agent was cancelled or raised
in the middle of a record. So is its restart of a failed agent: a record that cannot be worked on
stops the process, it is never skipped.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import faust
from faust.tables.table import Table
from faust.types import AppT, EventT, FutureMessage, StreamT
from faust.types import Message as RawMessage
from mode.utils.queues import ThrowableQueue

from incidents.casework import READS, SERVICE, Casework
from incidents.connection import brokers, credentials
from incidents.outbox import Outbox
from runtime.broker import Message
from runtime.settings import Settings
from schemas.topics import ALERTS, DEAD_LETTERS, INCIDENTS

SESSION_SECONDS = 6.0
"""After this long without a sign of life, an instance's partitions go to the others; also what a
restart after a kill waits for. The least that Kafka's brokers allow by default."""

HEARTBEAT_SECONDS = 1.0

COMMIT_SECONDS = 1.0
"""How long ago, at most, a record may have been done that comes again after a kill."""

DELIVERY_SECONDS = 30.0
"""How long the broker may be away before the service stops; whoever runs it starts it again."""

_ROCKSDB = {
    "write_buffer_size": 8 * 2**20,
    "max_write_buffer_number": 2,
    "block_cache_size": 32 * 2**20,
    "block_cache_compressed_size": 8 * 2**20,
}
"""Bytes for each partition. Faust's own bounds add up to gigabytes, for tables of any size."""

_CHANGELOG = {
    "max.message.bytes": INCIDENTS.config["max.message.bytes"],
    "segment.bytes": str(64 * 2**20),
}
"""Only a closed segment is compacted: small ones keep short what a lost disk has to read again."""


class ConfirmedTable(Table[bytes, bytes]):
    """A table whose latest write can be awaited."""

    confirmed: FutureMessage
    """Done when the changelog has what was written last."""

    def send_changelog(self, *arguments: Any, **options: Any) -> FutureMessage:
        """Write to the changelog."""
        self.confirmed = super().send_changelog(*arguments, **options)
        return self.confirmed


class LosslessTopic(faust.Topic):
    """A topic that keeps what was fetched from it.

    When tables are restored, Faust lets records flow, then rewinds to the committed offsets, then
    empties the queues. What was fetched after rewinding was never seen again until a restart. What
    is kept here of an earlier share of the partitions is told apart by its generation and left out.
    """

    @property
    def queue(self) -> ThrowableQueue[Any]:
        """The queue between the fetcher and the agent, never emptied from outside."""
        if self._queue is None:
            self._queue = self.app.FlowControlQueue(maxsize=self.app.conf.stream_buffer_maxsize)
        return self._queue


class Desk:
    """Where one record after the other is worked on, and its outcome made durable."""

    def __init__(
        self, app: AppT, table: ConfirmedTable, namespace: str, casework: Casework, outbox: Outbox
    ) -> None:
        """`casework` sends to `outbox`."""
        self._app = app
        self._table = table
        self._space = namespace
        self._casework = casework
        self._outbox = outbox

    async def work(self, event: EventT[Any]) -> None:
        """Return once all that the record led to is confirmed by the broker."""
        message = self._message(event.message)
        kept = None if message.key is None else self._table.get(message.key)
        docket = self._casework.work(message, kept)
        for topic, value, key, headers, partition in self._outbox.take():
            await self._app.producer.send_and_wait(
                self._space + topic, key, value, partition, None, list(headers)
            )
        if docket is not None and message.key is not None:
            self._table[message.key] = docket
            await self._table.confirmed

    def _message(self, raw: RawMessage) -> Message:
        return Message(
            raw.topic.removeprefix(self._space),
            raw.partition,
            raw.offset,
            raw.key,
            raw.value,
            tuple(cast("list[tuple[str, bytes | None]]", raw.headers or ())),
        )


def build(
    settings: Settings,
    home: Path,
    casework: Casework,
    outbox: Outbox,
    fail: Callable[[Exception], None],
    *,
    copies: int = 1,
) -> tuple[faust.App, ConfirmedTable]:
    """Return the app and its table of dockets by protocol; nothing is started yet.

    The tables lie in `home`, with so many `copies` of their changelog on the cluster. `casework`
    sends to `outbox`. `fail` is told why no further record can be worked on.
    """
    app = _configured(settings, home, copies)
    space = settings.kafka.namespace
    table = cast(
        "ConfirmedTable",
        app.Table(
            "cases",
            key_type=bytes,
            value_type=bytes,
            partitions=ALERTS.partitions,
            options=_ROCKSDB,
            extra_topic_configs=_CHANGELOG,
        ),
    )
    topics = app.topic(
        *(space + name for name in READS),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",  # whatever Faust itself cannot decode it skips
        value_serializer="raw",
        allow_empty=True,
    )
    desk = Desk(app, table, space, casework, outbox)

    async def keep_cases(stream: StreamT[bytes]) -> None:
        records = cast("faust.Stream[bytes]", stream).noack()
        async for event in records.events():
            try:
                await desk.work(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, the record is not done
                fail(error)
                app.consumer.unacked.discard(event.message)  # or stopping would wait for it
                await asyncio.Event().wait()
            await records.ack(event)

    app.agent(topics, concurrency=1, use_reply_headers=False)(keep_cases)
    return app, table


def _configured(settings: Settings, home: Path, copies: int) -> faust.App:
    kafka, largest = settings.kafka, int(DEAD_LETTERS.config["max.message.bytes"])
    return faust.App(
        f"{kafka.namespace}firebreak-{SERVICE}",
        broker=brokers(kafka),
        broker_credentials=credentials(kafka),
        broker_session_timeout=SESSION_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=COMMIT_SECONDS,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=largest,
        producer_acks=-1,
        producer_compression_type="gzip",
        producer_max_request_size=largest,
        producer_request_timeout=DELIVERY_SECONDS,
        processing_guarantee="at_least_once",
        datadir=home,
        store="rocksdb://",
        Table=ConfirmedTable,
        Topic=LosslessTopic,
        topic_partitions=ALERTS.partitions,
        table_standby_replicas=0,
        topic_replication_factor=copies,
        topic_disable_leader=True,
        web_bind=settings.incidents.web_host,
        web_host=settings.incidents.web_host,
        web_port=settings.incidents.web_port,
        web_router_enabled=False,
        web_tables_enabled=False,
        autodiscover=False,
    )
