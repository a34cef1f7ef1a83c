import pytest

from runtime.memory import MemoryBroker
from schemas.services import RECORDED
from schemas.topics import SEALS


@pytest.fixture
def broker() -> MemoryBroker:
    made = MemoryBroker()
    made.create([*RECORDED, SEALS])
    return made
