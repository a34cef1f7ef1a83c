"""Whose records count when two processes believe that they publish one chain.

Only one replica publishes at a time, but a process that was stopped and wakes up does not know yet
that its time is over, and Kafka takes what it still sends. So every record names the publisher's
term, a number that is higher with each that takes over, and each begins by repeating the newest
marker in every partition. From there on what names a lower term of the same chain is void, and
readers leave it out.
"""

from collections.abc import Iterable
from functools import lru_cache

from runtime.broker import Message
from schemas import headers
from schemas.headers import Headers

_LONGEST_NUMBER = 19
_LONGEST_TERM = 64


def term_header(chain: str, number: int) -> Headers:
    """Return what a record of this chain carries in this term; nothing for term 0, before any."""
    return ((headers.TERM, b"%s %d" % (chain.encode(), number)),) if number else ()


def term_of(beside: Iterable[tuple[str, bytes | None]]) -> tuple[str, int]:
    """Return a record's chain and term; ("", 0) for one that names none."""
    return _parsed((headers.find(beside, headers.TERM) or b"")[:_LONGEST_TERM])


@lru_cache(1024)  # every record of a term carries the same
def _parsed(text: bytes) -> tuple[str, int]:
    chain, _, number = text.rpartition(b" ")
    if not number.isdigit() or len(number) > _LONGEST_NUMBER:
        return "", 0
    return chain.decode("utf-8", "replace"), int(number)


class Terms:
    """The terms that a reader has seen, by partition and chain.

    A reader that begins behind the beginning of a term learns of it with that term's first record,
    unless it is told which one was in force (`begun`).
    """

    def __init__(self, chain: str = "", begun: int = 0) -> None:
        self._begun = {chain: (begun, -1)}
        self._known: dict[tuple[str, int, str], tuple[int, int]] = {}

    def void(self, message: Message) -> bool:
        """Say whether a record was written after its publisher's term was over."""
        chain, term = term_of(message.headers)
        if not term:
            return False
        place = message.topic, message.partition, chain
        known, since = self._known.get(place) or self._begun.get(chain, (0, -1))
        if term > known:
            self._known[place] = term, message.offset
        # What lies before the later term began counts, also when it is read again.
        return term < known and message.offset > since
