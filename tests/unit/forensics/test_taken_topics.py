"""What the forensic log records, written by a stranger: the worst that comes of it."""

from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from forensics.record.leaf import LONGEST_ENTRY, UNREAD, record_in
from runtime.broker import Partition
from runtime.memory import MemoryBroker
from schemas.base import Record
from schemas.changes import Arming, Configuration
from schemas.codec import encode
from schemas.ids import content_id
from schemas.services import SERVICES
from schemas.topics import ACTIONS, AUTHORITY, CHANGES, MAX_RECORD_BYTES, TopicSpec
from tests.forensic_log import BRAKE, action
from tests.unit.forensics.desk import SEALED, Desk, at_work

NOW = 1_800_000_000 * 10**6
FORGED = Arming(
    id=content_id("arming", "forged"),
    service="respond",
    chain="eip155:1",
    time=NOW,
    armed=True,
    keys=("0123456789abcdef", "fedcba9876543210"),
)
TRUE = replace(FORGED, id=content_id("arming", "true"), armed=False, reason="a drill", keys=())


def write(broker: MemoryBroker, *values: Record | bytes, topic: str = CHANGES.name) -> None:
    for value in values:
        data = value if isinstance(value, bytes) else encode(value)
        broker.producer().send(topic, data, key=b"respond")


def records(desk: Desk) -> list[Record | None]:
    kept = desk.log.reader.leaves(0, desk.log.reader.size())
    return [record_in(leaf.entry or b"", desk.log.reader.apart) for leaf in kept]


@pytest.mark.parametrize("topic", [CHANGES, AUTHORITY], ids=lambda spec: spec.name)
def test_a_forged_arming_is_a_line_of_the_story_and_arms_nobody(
    broker: MemoryBroker, tmp_path: Path, topic: TopicSpec
) -> None:
    """Nobody reads it who acts: a responder is armed by a file that two people signed
    (`responders.switch`). What the chain shows is told there too, to who tells cases and who asks
    people."""
    write(broker, TRUE, FORGED, topic=topic.name)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        assert records(desk) == [TRUE, FORGED], "the worst: both stand there"
        assert desk.findings() == ()
    telling = {"assure", "console", "case"} if topic is AUTHORITY else set()
    readers = {name for name, one in SERVICES.items() if topic in one.reads}
    assert readers == {"archive", "forensics"} | telling


def test_a_forged_configuration_stands_beside_the_true_one(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    true = Configuration(
        id=content_id("configuration", 1), service="respond", time=NOW, version="1",
        settings={"respond.armed": "false"},
    )  # fmt: skip
    write(broker, true, replace(true, settings={"respond.armed": "true"}))
    with at_work(broker, tmp_path) as desk:
        desk.read()
        assert desk.log.reader.named(bytes.fromhex(true.id)) == [0, 1], "oldest first"


def test_what_a_manifest_said_is_found_by_its_hash_with_each_who_told_it(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    """One that is too long for a leaf's entry lies beside it, and comes back whole."""
    text = 'protocol = "meadow"\n' * 5000
    digest = sha256(text.encode()).hexdigest()
    said = [
        Configuration(
            id=content_id("manifest", service), service=service, time=NOW, version="1",
            settings={}, manifests={"meadow.toml": digest}, manifest=digest, text=text, whole=True,
        )
        for service in ("detect", "respond")
    ]  # fmt: skip
    forged = replace(said[1], text="another")
    write(broker, *said, forged)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        assert desk.log.reader.named(bytes.fromhex(digest)) == [0, 1, 2]
        assert [leaf.kind for leaf in desk.log.reader.leaves(0, 3)] == ["configuration"] * 3
        assert records(desk) == [*said, forged], "a text that does not hash to it is seen to lie"
        assert desk.findings() == ()


def test_played_again_it_is_a_second_leaf_under_the_name(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    write(broker, TRUE, TRUE)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        assert desk.log.reader.named(bytes.fromhex(TRUE.id)) == [0, 1]
        assert desk.findings() == ()


def test_cut_short_or_huge_it_has_a_leaf_of_bounded_size_and_stops_nothing(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    value = encode(TRUE)
    rubbish = [value[:-1], value + b"}", b"[" * 100_000, b"\x00" * MAX_RECORD_BYTES] * 8
    write(broker, *rubbish, TRUE)
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.keeper.checkpoint({})
        kept = list(desk.log.reader.leaves(0, desk.log.reader.size()))
        assert [leaf.kind for leaf in kept] == [UNREAD] * len(rubbish) + ["arming"]
        assert max(len(leaf.entry or b"") for leaf in kept) <= LONGEST_ENTRY
        assert desk.findings() == ()


def test_forged_steps_of_brakes_are_sealed_at_once_and_by_the_batch(
    broker: MemoryBroker, tmp_path: Path
) -> None:
    """The worst is a seal with every batch instead of every few seconds, and a day's budget of
    anchors (`test_anchoring`)."""
    write(
        broker, *(action(1, brake=f"{BRAKE[:-3]}{n:03x}") for n in range(1000)), topic=ACTIONS.name
    )
    with at_work(broker, tmp_path) as desk:
        desk.read()
        desk.read()
        assert len(broker.log(SEALED)) == 2
        assert sum(len(broker.log(Partition(ACTIONS.name, n))) for n in range(4)) == 1000
