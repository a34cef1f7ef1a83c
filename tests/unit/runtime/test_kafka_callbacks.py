"""A client that nobody holds is gone at once: a process has room for some thousand of them."""

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.broker import Offsets, Partition
from runtime.kafka import KafkaBroker
from runtime.kafka_callbacks import weakly

NOWHERE = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}


class Member:
    """Takes what it is given."""

    def assigned(self, _partitions: list[Partition]) -> Offsets:
        return {}

    def revoked(self, _partitions: list[Partition]) -> None: ...

    def lost(self, _partitions: list[Partition]) -> None: ...


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The collector does not come."""
    gc.disable()
    yield
    gc.enable()


def subscribed(broker: KafkaBroker) -> Any:
    consumer = broker.consumer("readers")
    consumer.subscribe(["things-v1"], Member())  # type: ignore[arg-type]  # takes any sequence
    return consumer


def itself(broker: KafkaBroker) -> Any:
    return broker


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("client", [KafkaBroker.consumer, KafkaBroker.producer, subscribed, itself])
@pytest.mark.parametrize("closed", [True, False])
def test_it_does_not_wait_for_the_collector(
    client: Callable[[KafkaBroker], Any], *, closed: bool
) -> None:
    made = client(KafkaBroker(NOWHERE))
    if closed and hasattr(made, "close"):
        made.close()
    left = weakref.ref(made)
    del made
    assert left() is None


class Heard:
    def __init__(self) -> None:
        self.words: list[str] = []

    def hear(self, word: str) -> None:
        self.words.append(word)


def test_it_calls_as_long_as_there_is_somebody() -> None:
    heard = Heard()
    call = weakly(heard.hear)
    call("one")
    assert heard.words == ["one"]
    del heard
    call("two")
