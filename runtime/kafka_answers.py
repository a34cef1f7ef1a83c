"""What a Kafka cluster answers to administrative questions, or why it does not."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import TransientError

Answer = TypeVar("Answer")

_SETTLING = {
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
}
"""A topic's leader or a group's coordinator is not known yet, or is not ready."""
_RETRY_EVERY = 0.02


def ask(servers: str, patience: float, question: Callable[[], Answer]) -> Answer:
    """Return the answer, asking again for `patience` seconds while a leader or a coordinator is
    being found.

    Raises `TransientError`, caused by what librdkafka raised.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return question()
        except (KafkaException, TimeoutError) as error:
            if code(error) not in _SETTLING or time.monotonic() > deadline:
                reason = f"no answer from Kafka at {servers}: {words(error)}"
                raise TransientError(reason) from error
        time.sleep(_RETRY_EVERY)


def code(error: BaseException | None) -> int | None:
    """Return librdkafka's code of an error, None for another kind of error."""
    return error.args[0].code() if isinstance(error, KafkaException) else None


def words(error: BaseException | None) -> str:
    """Return what an error says to a person."""
    return str(error.args[0].str() if isinstance(error, KafkaException) else error or "")


def require_each(spots: Any) -> Any:
    """Return the partitions of an answer; raise the first error that one of them carries."""
    for spot in spots:
        if spot.error is not None:
            raise KafkaException(spot.error)
    return spots
