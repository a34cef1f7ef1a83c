"""What another pager left: its pages, held against what is known of their cases.

Pages prove nothing: whoever may write to their topic could say that somebody has a case in hand,
or that nobody is due for years. So each is believed as far as its case, as it stands now, bears it
out (`pages.remembered`), and a page of no case is none.
"""

from collections.abc import Callable

from paging.book import Book
from paging.store import PageStore
from runtime.broker import Broker, Message, Partition, read_all
from runtime.keepers import Keepers
from schemas.errors import PoisonRecordError
from schemas.incidents import Incident
from schemas.paging import Page
from schemas.topics import INCIDENTS

Judge = Callable[[Page, Incident], Page | None]
"""What remains of a page, its case being as it is; None where nobody is to be told."""


def recall(
    broker: Broker, store: PageStore, partition: int, book: Book, keepers: Keepers, judge: Judge
) -> None:
    """Put the pages of a partition into the book, as far as they are borne out by cases that
    `keepers` keep."""

    def keep(key: str, page: Page) -> None:
        book.put((partition, key), page)

    store.restore(partition, keep)
    told = book.of(partition)
    stands: dict[str, Page | None] = {}

    def take(message: Message) -> None:
        key = (message.key or b"").decode(errors="replace")
        page = told.get((partition, key))
        if page is None:
            return
        try:
            stands[key] = judge(page, keepers.read(message))
        except PoisonRecordError:
            return  # the pager keeps it when it comes to it

    read_all(broker, Partition(INCIDENTS.name, partition), take)
    for at in told:
        page = stands.get(at[1])
        if page is None:
            book.drop(at)
        else:
            book.put(at, page)
