"""Operators' words, from their topic to the brakes that wait for them."""

from collections.abc import Iterable

from responders.executor import Executor
from responders.intake import AlertIntake
from runtime.broker import Message
from schemas.errors import PoisonRecordError


def hear(messages: Iterable[Message], intake: AlertIntake, executor: Executor) -> None:
    """Hear them, keep what nobody said, and go on with the brakes that waited, once for all.

    Raises `UnsafeToContinueError` when a step cannot be written down.
    """
    news = False
    for message in messages:
        word = intake.word(message)
        if word is None:
            continue
        try:
            news = executor.hear(word) or news
        except PoisonRecordError as error:
            intake.reject(message, str(error))
    if news:
        executor.gather()
