"""Follows what the services say, as anybody with read access to their topics could."""

from runtime.broker import Broker, Message, Partition
from sandbox.demo.story import Story
from schemas.codec import decode_from
from schemas.headers import hops
from schemas.topics import ACTIONS, ALERTS, BLOCKS, INCIDENTS, TOPICS

FOLLOWED = (BLOCKS, ALERTS, ACTIONS, INCIDENTS)


class Watch:
    """Reads the services' topics from their beginning and tells the story."""

    def __init__(self, broker: Broker, story: Story) -> None:
        self._story = story
        self._consumer = broker.consumer()
        self._consumer.assign(
            {
                Partition(topic.name, number): 0
                for topic in FOLLOWED
                for number in range(topic.partitions)
            }
        )

    def look(self, seconds: float = 0.02) -> None:
        """Take in what was said since, waiting up to `seconds` for the first of it."""
        for message in self._consumer.fetch(500, seconds):
            self._tell(message)

    def _tell(self, message: Message) -> None:
        record = decode_from(TOPICS[message.topic], message.value or b"")
        times = {str(hop): moment for hop, moment in hops(message.headers).items()}
        self._story.hear(record, times)

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
