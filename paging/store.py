"""What is remembered of pages: on a compacted topic, so that any replica can go on."""

from collections.abc import Callable

from runtime.broker import Broker, Message, Partition, Producer, read_all
from runtime.logs import logger
from schemas.codec import decode_from, encode
from schemas.errors import PoisonRecordError
from schemas.paging import Page
from schemas.topics import PAGES

_log = logger(__name__)


class PageStore:
    """Partition n holds the pages of the cases of partition n of their topic."""

    def __init__(self, broker: Broker, producer: Producer) -> None:
        self._broker = broker
        self._producer = producer

    def restore(self, partition: int, keep: Callable[[str, Page], None]) -> None:
        """Have the pages of a partition kept by key, in the order in which they were saved.

        One that cannot be read is left out and said so: its case is paged anew when it changes,
        which is better than not paging at all.
        """

        def take(message: Message) -> None:
            if message.value is None:
                return  # forgotten
            try:
                record = decode_from(PAGES, message.value)
            except PoisonRecordError as error:
                _log.error("page_unreadable", offset=message.offset, error=str(error))
                return
            if isinstance(record, Page):
                keep((message.key or b"").decode(errors="replace"), record)

        read_all(self._broker, Partition(PAGES.name, partition), take)

    def save(self, partition: int, key: str, page: Page) -> None:
        """Have a page kept before anything else happens.

        Raises `UnsafeToContinueError` when it was not.
        """
        self._producer.send(PAGES.name, encode(page), key=key.encode(), partition=partition)
        self._producer.flush()

    def forget(self, partition: int, key: str) -> None:
        """Have a page removed from the topic, sometime: whoever restores it wakes nobody by it."""
        self._producer.send(PAGES.name, None, key=key.encode(), partition=partition)
