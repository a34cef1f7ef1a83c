"""A dictionary that never holds more than so much."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bounded(OrderedDict[K, V], Generic[K, V]):
    """A dictionary of the newest `most` entries; one that is set again becomes the newest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def put(self, key: K, value: V) -> None:
        """Set an entry."""
        self[key] = value
        self.move_to_end(key)
        while len(self) > self.most:
            self.popitem(last=False)

    def put_instead(self, key: K, value: V, done: Callable[[V], bool]) -> None:
        """Set an entry; of too many the oldest that is done with gives way, whichever is newer."""
        if key not in self and len(self) >= self.most:
            del self[next((name for name, one in self.items() if done(one)), next(iter(self)))]
        self.put(key, value)
