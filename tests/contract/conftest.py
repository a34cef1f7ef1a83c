"""Every adapter of the broker port, in turn."""

import pytest

from runtime.broker import Broker
from runtime.memory import MemoryBroker
from tests.contract.members import THINGS, Pen


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest) -> Broker:
    """Each adapter in turn, with one empty topic."""
    made: Broker = (
        MemoryBroker() if request.param == "memory" else request.getfixturevalue("broker")
    )
    made.create([THINGS])
    return made


@pytest.fixture
def write(log: Broker) -> Pen:
    """A way to write to the topic and wait until it is kept."""
    return Pen(log)
