"""What was scored and is not yet learned, bounded in number and in size.

A transaction is learned once its block is final. One that alerted waits `QUARANTINE` blocks more
and then counts for little, unless the protocol's own log shows that a brake was pulled over it:
then it is never learned. The detectors of the set and the strangers each go by their own alert, so
a stranger that cries wolf keeps the others from learning nothing.

The room is bounded. Where a flood fills it, what comes on top is scored all the same and never
learned: a flood may cost lessons, it may not teach, and it may not push out what waits. Of an alert
at least its name is kept, for its withdrawal, and its lesson gives way first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import orjson

QUARANTINE = 300
"""Blocks beyond finality after which a transaction that alerted is learned: an hour of Ethereum."""

SUSPECT_WEIGHT = 0.05
"""What it then counts for: twenty such transactions weigh as much as one that never alerted."""

MAX_WAITING = 8_192
"""Transactions: 64 blocks with 128 of one protocol in each."""

MAX_ALERTS = 1_024
"""Of these, alerts that wait for their quarantine to end."""

MAX_BYTES = 2 * 1024 * 1024
"""All lessons together, about as many as in a snapshot."""

_ENTRY_BYTES = 300
"""What one of them takes beside its features."""


@dataclass(slots=True)
class Waiting:
    """A transaction that was scored and is not yet learned."""

    block: int
    block_hash: str
    index: int
    tx: str
    alert: str
    """The alert's id, '' when it did not alert."""
    features: list[dict[str, float] | None]
    """Per detector; None where the detector failed, or where there was no room for it."""
    suspect: bool
    """Whether the set's own detectors found it strange, whatever strangers say."""
    near: bool
    """Whether they found it nearly so."""
    view: str
    """What the source saw of it, see `detectors.scales.view_of`."""
    ours: bool = True
    """Whether the set's own detectors have yet to learn it."""
    theirs: bool = True
    """Whether the strangers have."""
    whole: bool = True
    """Whether every detector of the set still has its features, so that their sum is evidence."""

    text: bytes = field(default=b"", init=False)
    """The features as JSON; finite numbers all of them (`detectors.guarded`). They are written when
    the transaction begins to wait, for hundreds may wait through many snapshots."""

    @property
    def size(self) -> int:
        """About how many bytes it takes in a snapshot."""
        return _ENTRY_BYTES + len(self.text)

    def row(self, features: Any) -> list[Any]:
        """Return the fields that `Waiting` is made of, in their order, with these features."""
        return [features if name == "features" else getattr(self, name) for name in _FIELDS]

    def write(self) -> None:
        """Write the features down, anew where they changed."""
        self.text = orjson.dumps(self.features)


_FIELDS = tuple(one.name for one in fields(Waiting) if one.init)


class Lesson(NamedTuple):
    """A transaction whose time has come."""

    entry: Waiting
    weight: float
    ours: bool
    """For the set's own detectors."""
    theirs: bool
    """For the strangers among them."""


class WaitingRoom:
    """The transactions of one protocol that wait for finality, in the order of their records."""

    def __init__(self, finality: int) -> None:
        self._finality = finality
        self._entries: list[Waiting] = []
        self._bytes = 0
        self.turned_away = 0
        """Transactions that found no room and will never be learned."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def size(self) -> int:
        """About how many bytes all of it takes in a snapshot."""
        return self._bytes

    def of(self, place: int) -> Iterator[Mapping[str, float]]:
        """Yield the features that wait for one detector, the newest first."""
        for entry in reversed(self._entries):
            features = entry.features[place]
            if features is not None:
                yield features

    def add(self, entry: Waiting) -> None:
        """Let a transaction wait, if there is room."""
        entry.write()
        if entry.alert:
            alerts = [known for known in self._entries if known.alert]
            if len(alerts) >= MAX_ALERTS:
                self._remove([alerts[0]])
                self.turned_away += 1
            self._make_room(entry)
        size = entry.size
        if not entry.alert and (
            len(self._entries) >= MAX_WAITING or self._bytes + size > MAX_BYTES
        ):
            self.turned_away += 1
            return
        self._entries.append(entry)
        self._bytes += size

    def _make_room(self, entry: Waiting) -> None:
        """An alert always finds room: its own lesson gives way where need be, then others."""
        if self._bytes + entry.size > MAX_BYTES:
            entry.features, entry.whole = [None] * len(entry.features), False
            entry.write()
            self.turned_away += 1
        if len(self._entries) >= MAX_WAITING:
            plain = next((known for known in self._entries if not known.alert), None)
            if plain is not None:
                self._remove([plain])
                self.turned_away += 1

    def due(self, head: int) -> Iterator[Lesson]:
        """Yield what may be learned now that this block was seen, in order; it waits no longer."""
        final = head - self._finality
        if not self._entries or self._entries[0].block > final:
            return  # in order of blocks, so nobody behind the first is final either
        done = []
        for entry in self._entries:
            if entry.block > final:
                break
            ended = entry.block <= final - QUARANTINE
            ours = entry.ours and (ended or not entry.suspect)
            theirs = entry.theirs and (ended or not entry.alert)
            if ours or theirs:
                own = SUSPECT_WEIGHT if entry.suspect else 1.0
                other = SUSPECT_WEIGHT if entry.alert else 1.0
                if ours and theirs and own != other:
                    yield Lesson(entry, own, ours=True, theirs=False)
                    yield Lesson(entry, other, ours=False, theirs=True)
                else:
                    yield Lesson(entry, own if ours else other, ours=ours, theirs=theirs)
                entry.ours, entry.theirs = entry.ours and not ours, entry.theirs and not theirs
            if not entry.ours and not entry.theirs:
                done.append(entry)
        self._remove(done)

    def confirm_brake(self) -> None:
        """Never learn what alerted: it was an attack. Whoever did not find it strange goes on as if
        nobody had."""
        for entry in self._entries:
            if entry.alert:
                entry.theirs = False
                entry.ours = entry.ours and not entry.suspect
        # Those that nobody learns stay until they are final: their blocks may leave the chain.

    def retract(self, block: int, block_hash: str) -> list[Waiting]:
        """Forget a block; return what of it was waiting."""
        gone = [e for e in self._entries if e.block == block and e.block_hash == block_hash]
        self._remove(gone)
        return gone

    def _remove(self, gone: list[Waiting]) -> None:
        if gone:
            names = {id(entry) for entry in gone}
            self._entries = [entry for entry in self._entries if id(entry) not in names]
            self._bytes -= sum(entry.size for entry in gone)

    def halve(self) -> int:
        """Give up every second transaction that waits, alerts last; return how many it were."""
        plain = [entry for entry in self._entries if not entry.alert]
        gone = (plain or self._entries)[::2]
        self._remove(gone)
        self.turned_away += len(gone)
        return len(gone)

    def dump(self) -> list[list[Any]]:
        """Return every entry as a list, in the order of its fields."""
        return [entry.row(entry.features) for entry in self._entries]

    def written(self) -> list[list[Any]]:
        """Return the same for orjson, with the features as they were written down."""
        return [entry.row(orjson.Fragment(entry.text)) for entry in self._entries]

    def load(
        self,
        state: list[list[Any]],
        kept: Sequence[int | None] | None = None,
        *,
        same_set: bool = True,
    ) -> None:
        """Become what `dump` described. `kept`: where among the saved detectors each one of now is,
        None for one that has nothing to learn from what waits; `same_set`: whether the set's sum is
        still of the same detectors."""
        self._entries = [Waiting(*entry) for entry in state]
        for entry in self._entries:
            if kept is not None:
                entry.whole, features = entry.whole and same_set, entry.features
                entry.features = [None if place is None else features[place] for place in kept]
            entry.write()
        self._bytes = sum(entry.size for entry in self._entries)
