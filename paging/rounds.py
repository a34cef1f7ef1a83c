"""A round: everyone on a rung is told, and whom that does not reach is told through others."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

from paging.batches import Parcel
from paging.post import Outcome, Post
from paging.words import Line, of_failure


@dataclass(slots=True)
class _Round:
    line: Line
    open: set[str]
    """Channels that have not answered yet."""
    asked: set[str]
    answers: list[tuple[str, bool]] = field(default_factory=list)


class Rounds:
    """At most one for each thing that people are told of."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._rounds: dict[Hashable, _Round] = {}

    def begin(self, about: Hashable, tell: Sequence[str], line: Line) -> None:
        """Tell these channels, if any, unless a round about it is under way. One that there is not,
        or not any more, is passed over."""
        known = [channel for channel in tell if channel in self._post.channels]
        if about in self._rounds or not known:
            return
        self._rounds[about] = _Round(line, set(known), set(known))
        for channel in known:
            self._post.offer(channel, Parcel(about, line))

    def under_way(self, about: Hashable) -> bool:
        """Say whether a round about it has not come to its end."""
        return about in self._rounds

    def asked(self, about: Hashable) -> tuple[str, ...]:
        """Return the channels that a round under way has told, or is telling."""
        return tuple(sorted(self._rounds[about].asked)) if about in self._rounds else ()

    def turn(self) -> list[tuple[Hashable, tuple[tuple[str, bool], ...]]]:
        """Return the rounds that ended: what about, and which channel took it."""
        ended = []
        for outcome in self._post.turn():
            known = self._rounds.get(outcome.parcel.about)
            if known is None:
                continue  # nobody waits for this answer
            self._take(known, outcome)
            if not known.open:
                del self._rounds[outcome.parcel.about]
                ended.append((outcome.parcel.about, tuple(known.answers)))
        return ended

    def _take(self, known: _Round, outcome: Outcome) -> None:
        known.open.discard(outcome.channel)
        known.answers.append((outcome.channel, outcome.ok))
        if outcome.ok:
            return
        others = [channel for channel in self._post.channels if channel not in known.asked]
        if others and not known.open:
            line = of_failure(outcome.channel, known.line)
            known.asked.add(others[0])
            known.open.add(others[0])
            self._post.offer(others[0], Parcel(outcome.parcel.about, line))
