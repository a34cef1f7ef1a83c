"""What people do on the way back is told to everyone before they write it down."""

import time
from pathlib import Path

import pytest

from responders.recovery.log import alone
from runtime.broker import Message, Partition, read_all
from runtime.kafka import KafkaBroker
from runtime.signatures import generate, load_verifier
from schemas.codec import decode
from schemas.incidents import Recovery, Turn
from schemas.topics import RECOVERIES
from tests.integration.recovery.village import CASE, Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def test_each_turn_is_told_before_it_is_written_down(
    village: Village, broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.govern()
    began = int(time.time())
    village.said("open", "--evidence", "T2")
    log = village.plan.with_name(f"{village.plan.name}.log")
    before = log.read_bytes()
    keys = tmp_path / "people"
    key = generate(keys, "alice")
    with monkeypatch.context() as patched:
        patched.setenv("FIREBREAK_KAFKA__NAMESPACE", "of-others.")
        assert "recoveries-v1" in village.refused("cause", "withdraw() pays whoever asks")
    monkeypatch.setenv("FIREBREAK_PAGING__PEOPLE_KEYS", str(keys))
    assert "unknown key" in village.refused("cause", "nobody's word"), "it would not count"
    with alone(log):
        assert "another firebreak recover" in village.refused("cause", "told twice at one place")
        assert "phase: respond" in village.said("show"), "whoever only looks may"
    assert log.read_bytes() == before, "what was not told did not happen"
    village.said("cause", "withdraw() pays whoever asks", "--key", str(key))
    assert "root cause before" not in village.said("show")
    assert "respond, 0 % released" in village.said("publish", "--key", str(key))

    found: list[Message] = []
    for number in range(RECOVERIES.partitions):
        read_all(broker, Partition(RECOVERIES.name, number), found.append)
    assert {message.key for message in found} == {b"granary"}
    first, second, standing = (decode(message.value or b"", Recovery) for message in found)
    assert first.incident == second.incident == CASE
    assert (first.progress.number, second.progress.number) == (0, 1)
    assert second.progress.cause == standing.progress.cause == "withdraw() pays whoever asks"
    assert first.turn is not None
    assert second.turn is not None
    assert first.turn == Turn(place=0, event="opened", time=first.turn.time)
    assert second.turn == Turn(place=1, event="cause-recorded", time=second.turn.time)
    assert began <= (first.turn.time or 0) <= (second.turn.time or 0) <= time.time()
    assert standing.turn is None
    assert len({first.id, second.id, standing.id}) == 3
    load_verifier(keys).check(found[1], head=None)
