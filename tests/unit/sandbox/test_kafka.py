from pathlib import Path

import pytest

from sandbox.kafka import LocalKafka
from sandbox.kafka_broker import Member, server_properties
from schemas.errors import UnsafeToContinueError
from schemas.topics import TOPICS

ALONE = Member(1, 9092, 9093)
THREE = [Member(number, 9000 + number, 9100 + number) for number in (1, 2, 3)]


def test_nothing_is_reachable_from_outside() -> None:
    listeners = str(server_properties(ALONE, [ALONE], Path("/data"))["listeners"]).split(",")
    assert listeners == ["PLAINTEXT://127.0.0.1:9092", "CONTROLLER://127.0.0.1:9093"]


def test_the_largest_record_of_every_topic_fits() -> None:
    limit = server_properties(ALONE, [ALONE], Path("/data"))["message.max.bytes"]
    assert all(int(spec.config["max.message.bytes"]) <= int(str(limit)) for spec in TOPICS.values())


def test_topics_are_never_made_by_accident() -> None:
    settings = server_properties(ALONE, [ALONE], Path("/data"))
    assert settings["auto.create.topics.enable"] == "false"


def test_the_members_of_a_cluster_agree_on_who_votes() -> None:
    told = [server_properties(member, THREE, Path(f"/data/{member.id}")) for member in THREE]
    assert {str(settings["controller.quorum.voters"]) for settings in told} == {
        "1@127.0.0.1:9101,2@127.0.0.1:9102,3@127.0.0.1:9103"
    }


@pytest.mark.parametrize(("cluster", "copies", "in_sync"), [([ALONE], 1, 1), (THREE, 3, 2)])
def test_every_internal_topic_has_as_many_copies_as_there_are_members(
    cluster: list[Member], copies: int, in_sync: int
) -> None:
    settings = server_properties(cluster[0], cluster, Path("/data"))
    factors = {name: v for name, v in settings.items() if name.endswith("replication.factor")}
    assert set(factors.values()) == {copies}
    assert len(factors) == 4
    assert settings["min.insync.replicas"] == in_sync


def test_one_that_was_never_started_cannot_be_stopped(tmp_path: Path) -> None:
    with pytest.raises(UnsafeToContinueError, match="never started"):
        LocalKafka(tmp_path, tmp_path, tmp_path / "java").stop()
