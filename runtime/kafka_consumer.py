"""The consumer on confluent-kafka.

librdkafka calls back about partitions while it is asked for records, so one `fetch` may hand out a
record, give its partition away and say nothing more of it. What is returned is therefore checked
against what is still ours at the end.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Literal

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka import Message as RawMessage

from runtime.broker import Message, Offsets, Partition, Rebalance, ends
from runtime.kafka_answers import code as code_of
from runtime.kafka_answers import require_each
from runtime.kafka_callbacks import weakly
from runtime.kafka_refusals import NOT_ALLOWED, not_allowed
from runtime.kafka_spots import from_spot, to_spot
from runtime.logs import logger
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError

_log = logger(__name__)

_TIME = itemgetter(1)
"""Of a record's timestamp; before it stands what kind of time it is."""

COMMITTED_TIMEOUT = 10.0
"""Seconds to wait for where the group stands, when it gives us partitions."""


class KafkaConsumer:
    """A consumer that never commits by itself, and never skips what it should have read."""

    def __init__(self, options: Mapping[str, Any], namespace: str) -> None:
        self._consumer = Consumer({**options, "on_commit": weakly(self._on_commit)})
        self._options = options
        self._space = namespace
        self._own_name = cache(lambda topic: (topic or "")[len(namespace) :])
        """A topic's name without the namespace; records of one topic share one text."""
        self._rebalance: Rebalance | None = None
        self._positions: dict[tuple[str, int], int] = {}
        self._paused: set[Partition] = set()
        self._gone: set[tuple[str, int]] = set()
        self._fault: Exception | None = None
        self._done: Callable[[Offsets], None] = lambda _offsets: None
        """Whom to tell of a commit that nobody waited for."""
        self._poll_interval = float(options.get("max.poll.interval.ms", 300_000)) / 1000
        self._asked = time.monotonic()

    def subscribe(self, topics: Sequence[str], rebalance: Rebalance) -> None:
        """Join the group for these topics."""
        self._rebalance, leave = rebalance, weakly(self._on_leave)
        self._consumer.subscribe(
            [self._space + topic for topic in topics],
            on_assign=weakly(self._on_assign),
            on_revoke=lambda _consumer, spots: leave("revoked", spots),
            on_lost=lambda _consumer, spots: leave("lost", spots),
        )

    def _on_assign(self, consumer: Consumer, spots: list[TopicPartition]) -> None:
        partitions = [from_spot(self._space, spot) for spot in spots]
        starts = self._told("assigned", partitions) or {}
        try:
            self._place(spots, starts)
        except KafkaException as error:
            self._fault = TransientError(f"where the group stands is not known: {error}")
        consumer.incremental_assign(spots)
        self._gone.difference_update(partitions)
        consumer.pause([to_spot(self._space, p) for p in partitions if p in self._paused])

    def _place(self, spots: Sequence[TopicPartition], starts: Offsets) -> None:
        """Set where to read each from: as told, else where the group stands, else the beginning.

        librdkafka would do the latter two by itself, but with the same option it would also jump
        silently over records that retention removed before they were read.
        """
        open_spots = []
        for spot in spots:
            start = starts.get(from_spot(self._space, spot))
            if start is None:
                open_spots.append(spot)
            else:
                spot.offset = start
        known = self._consumer.committed(open_spots, COMMITTED_TIMEOUT) if open_spots else []
        for spot, found in zip(open_spots, require_each(known), strict=True):
            spot.offset = found.offset if found.offset >= 0 else OFFSET_BEGINNING

    def _on_leave(self, step: Literal["revoked", "lost"], spots: list[TopicPartition]) -> None:
        partitions = [from_spot(self._space, spot) for spot in spots]
        if time.monotonic() - self._asked > self._poll_interval:
            step = "lost"  # the group did not wait for us, but librdkafka may still say "revoked"
        self._told(step, partitions)
        self._gone.update(partitions)
        self._paused.difference_update(partitions)
        self._forget_positions(partitions)

    def _forget_positions(self, partitions: Iterable[tuple[str, int]]) -> None:
        for partition in partitions:
            self._positions.pop(partition, None)

    def _told(
        self, step: Literal["assigned", "revoked", "lost"], partitions: list[Partition]
    ) -> Offsets | None:
        """Tell the service, unless it failed already.

        What it raises must not pass through librdkafka, and is raised by `fetch` or `close`.
        """
        if self._fault is not None:
            return None
        try:
            found: Offsets | None = getattr(self._rebalance, step)(partitions)
        except Exception as error:  # noqa: BLE001 - kept, and raised where it can be handled
            self._fault = error
            return None
        return found

    def _raise_fault(self) -> None:
        if self._fault is not None:
            fault, self._fault = self._fault, None
            raise fault

    def assign(self, offsets: Offsets) -> None:
        """Read exactly these partitions from these offsets."""
        self._positions = {(topic, number): at for (topic, number), at in offsets.items()}
        self._consumer.assign(
            [to_spot(self._space, partition, offset) for partition, offset in offsets.items()]
        )

    def fetch(self, limit: int, timeout: float) -> list[Message]:
        """Wait for the first record, then drain what is there."""
        first = self._consumer.poll(timeout)
        self._gone.clear()  # what `poll` said of partitions came before the record it returned
        found = [] if first is None else self._taken([first])
        if first is not None and limit > 1:
            found += self._taken(self._consumer.consume(limit - 1, 0))
        self._asked = time.monotonic()
        self._raise_fault()
        if self._gone:
            self._forget_positions(self._gone)
            found = [message for message in found if message.origin not in self._gone]
        return found

    def _taken(self, raws: Sequence[RawMessage]) -> list[Message]:
        errors = list(map(RawMessage.error, raws))
        if not any(errors):
            return self._messages(raws)
        found: list[Message] = []
        for raw, error in zip(raws, errors, strict=True):
            if error is None:
                found += self._messages([raw])
            else:
                self._judge(error, raw)
        return found

    def _messages(self, raws: Sequence[RawMessage]) -> list[Message]:
        """Make messages of what holds no errors: field by field, so that the interpreter has next
        to nothing to do for each."""
        headers = list(map(RawMessage.headers, raws))
        found = list(
            map(
                Message,
                map(self._own_name, map(RawMessage.topic, raws)),
                map(RawMessage.partition, raws),
                map(RawMessage.offset, raws),
                map(RawMessage.key, raws),
                map(RawMessage.value, raws),
                [tuple(named or ()) for named in headers] if any(headers) else repeat(()),
                map(_TIME, map(RawMessage.timestamp, raws)),
            )
        )
        self._positions.update(ends(found).items())
        return found

    def _judge(self, error: KafkaError, raw: RawMessage) -> None:
        code, topic = error.code(), (raw.topic() or "").removeprefix(self._space)
        if code == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the constant's public name
            self._positions[topic, raw.partition() or 0] = raw.offset() or 0
        elif code == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - likewise
            raise UnsafeToContinueError(
                f"{topic}[{raw.partition()}] does not hold offset {raw.offset()} any more: records "
                "were removed before they were read. Decide what that loss means, then move the "
                "group (kafka-consumer-groups.sh --reset-offsets) or replay the chain."
            )
        elif code == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise ConfigurationError(
                f"{topic}: {error.str()}; create it first: firebreak topics create"
            )
        elif code == KafkaError.GROUP_AUTHORIZATION_FAILED:
            raise not_allowed(self._options, "join", f"group {self._options['group.id']}")
        elif code in NOT_ALLOWED:
            raise not_allowed(self._options, "read", topic)
        elif code == KafkaError._MAX_POLL_EXCEEDED:  # noqa: SLF001 - likewise
            _log.warning("stood_still", error=error.str())  # `lost` follows
        elif error.fatal() or not error.retriable():
            raise UnsafeToContinueError(f"reading {topic or 'as a group member'}: {error.str()}")
        else:
            _log.warning("fetch_failed", error=str(error))

    def position(self, partition: Partition) -> int:
        """Return the offset up to which everything was fetched."""
        return self._positions[partition]

    def lags(self) -> dict[Partition, int]:
        """Return how far we are behind the ends that came with the last records."""
        found = {}
        for spot in self._consumer.assignment():
            partition = from_spot(self._space, spot)
            position = self._positions.get(partition)
            _, end = self._consumer.get_watermark_offsets(spot, cached=True)
            if position is not None and end >= 0:
                found[partition] = max(0, end - position)
        return found

    def commit(self, offsets: Offsets) -> None:
        """Record the group's position and wait for the answer."""
        if not offsets:
            return
        try:
            answers = self._consumer.commit(offsets=self._spots(offsets), asynchronous=False) or []
        except KafkaException as error:
            if code_of(error) in NOT_ALLOWED:
                raise self._may_not_commit() from error
            raise TransientError(f"commit failed: {error}") from error
        for answer in answers:
            if answer.error is not None:
                raise TransientError(f"commit failed for {answer.topic}: {answer.error}")

    def commit_soon(self, offsets: Offsets, done: Callable[[Offsets], None]) -> None:
        """Record the group's position; librdkafka gives the answer while asked for records."""
        if not offsets:
            return
        self._done = done
        try:
            self._consumer.commit(offsets=self._spots(offsets), asynchronous=True)
        except KafkaException as error:
            _log.warning("commit_failed", error=str(error))

    def _spots(self, offsets: Offsets) -> list[TopicPartition]:
        return [to_spot(self._space, partition, offset) for partition, offset in offsets.items()]

    def _on_commit(self, error: KafkaError | None, spots: list[TopicPartition]) -> None:
        """Take the answer to a commit that nobody waited for."""
        errors = [error, *(spot.error for spot in spots)]
        fault = next((found for found in errors if found is not None), None)
        if fault is not None and fault.code() in NOT_ALLOWED:
            self._fault = self._fault or self._may_not_commit()
        elif fault is not None:
            _log.warning("commit_failed", error=str(fault))
        if error is None:
            self._done({from_spot(self._space, s): s.offset for s in spots if s.error is None})

    def _may_not_commit(self) -> ConfigurationError:
        return not_allowed(self._options, "commit as", f"group {self._options['group.id']}")

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Fetch nothing from these until resumed; may come before they are assigned."""
        held = set(partitions)
        self._paused |= held
        self._consumer.pause([to_spot(self._space, partition) for partition in held])

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Fetch from these again."""
        freed = set(partitions)
        self._paused -= freed
        self._consumer.resume([to_spot(self._space, partition) for partition in freed])

    def close(self) -> None:
        """Leave the group. Raises what went wrong in giving its partitions back."""
        self._consumer.close()
        self._raise_fault()
