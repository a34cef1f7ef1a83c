import re

from schemas.services import SERVICES
from schemas.topics import CONSENTS, DETECTOR_STATE, MAX_RECORD_BYTES, TOPICS, TRANSACTIONS


def test_a_topic_s_name_ends_in_its_version() -> None:
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*-v[1-9][0-9]*", name) for name in TOPICS)


def test_a_state_partition_belongs_to_one_input_partition() -> None:
    assert DETECTOR_STATE.partitions == TRANSACTIONS.partitions


def test_a_topic_takes_the_largest_record_with_its_headers() -> None:
    for spec in TOPICS.values():
        assert int(spec.config["max.message.bytes"]) > spec.max_bytes
        assert spec.max_bytes >= MAX_RECORD_BYTES or spec is CONSENTS  # strangers write these


def test_a_topic_is_kept_for_a_time_or_compacted() -> None:
    for spec in TOPICS.values():
        compacted = spec.config["cleanup.policy"] == "compact"
        assert compacted == (spec.retention_hours is None) == ("retention.ms" not in spec.config)


def test_every_topic_is_written_by_somebody() -> None:
    written = {topic.name for service in SERVICES.values() for topic in service.writes}

    assert written == set(TOPICS)


def test_what_is_marked_carries_the_markers() -> None:
    for spec in TOPICS.values():
        if spec.marked:
            assert {"block", "retraction"} <= {r.__struct_config__.tag for r in spec.records}
