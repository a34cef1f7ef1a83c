"""What a cluster answers while it is still settling is asked for again; anything else is told."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from runtime.kafka_answers import ask
from schemas.errors import TransientError

SETTLING = (
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
)


class Cluster:
    """Answers with these errors first, then with "yes"."""

    def __init__(self, *errors: int) -> None:
        self._errors = list(errors)
        self.asked = 0

    def question(self) -> str:
        self.asked += 1
        if self._errors:
            raise KafkaException(KafkaError(self._errors.pop(0)))
        return "yes"


def test_what_is_settling_is_asked_again() -> None:
    cluster = Cluster(*SETTLING)
    assert ask("here:9092", 15.0, cluster.question) == "yes"
    assert cluster.asked == len(SETTLING) + 1


@pytest.mark.parametrize("error", SETTLING)
def test_patience_ends(error: int) -> None:
    cluster = Cluster(error, error)
    with pytest.raises(TransientError, match="no answer from Kafka at here:9092"):
        ask("here:9092", 0.0, cluster.question)


def test_any_other_error_is_told_at_once() -> None:
    cluster = Cluster(KafkaError.GROUP_AUTHORIZATION_FAILED)
    with pytest.raises(TransientError, match="Group authorization failed"):
        ask("here:9092", 15.0, cluster.question)
    assert cluster.asked == 1
