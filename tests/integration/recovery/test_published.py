"""How far people have come is told to the keeper of cases."""

from pathlib import Path

import pytest

from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_verifier
from schemas.codec import decode
from schemas.incidents import Recovery
from schemas.topics import RECOVERIES
from tests.integration.recovery.village import CASE, Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def test_each_telling_is_a_record_of_its_case(
    village: Village,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)
    village.govern()
    village.said("open", "--evidence", "T2")
    assert "recoveries-v1" in village.refused("publish")
    broker.create([RECOVERIES])
    assert "respond, 0 % released" in village.said("publish")
    village.said("cause", "withdraw() pays whoever asks")
    keys = tmp_path / "people"
    key = generate(keys, "alice")
    monkeypatch.setenv("FIREBREAK_PAGING__PEOPLE_KEYS", str(keys))
    assert "unknown key" in village.refused("publish"), "it would not count"
    village.said("publish", "--key", str(key))

    found: list[Message] = []
    for number in range(RECOVERIES.partitions):
        read_all(broker, Partition(RECOVERIES.name, number), found.append)
    assert {message.key for message in found} == {b"granary"}
    first, second = (decode(message.value or b"", Recovery) for message in found)
    assert first.incident == second.incident == CASE
    assert (first.progress.number, second.progress.number) == (0, 1)
    assert second.progress.cause == "withdraw() pays whoever asks"
    assert first.id != second.id
    load_verifier(keys).check(found[1], head=None)
