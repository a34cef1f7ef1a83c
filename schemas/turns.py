"""How a case was led back, word by word, as it was told. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemas.incidents import Recovery, Turn
from schemas.units import Seconds


class Word(NamedTuple):
    """A turn of the way back, or between two of them where the case stands."""

    recovery: Recovery
    turn: Turn | None
    time: Seconds
    who: str
    """The turn's signer, and the key that told it; '' where nobody is known."""


def led_back(told: Iterable[Recovery], since: Seconds, keys: Mapping[str, str]) -> Iterator[Word]:
    """Yield what happened, in the order in which it was told, at the time at which it was told.

    A turn that was told and could not be written down left its place to the next: of one place in a
    row the last happened. What tells no time, as an older version's turn, has that of the one
    before it, the first one `since`. `keys` are those that signed, by a recovery's id.
    """
    told = list(told)
    happened, time = _happened(told), since
    for at, recovery in enumerate(told):
        turn, key = recovery.turn, keys.get(recovery.id, "")
        if turn is not None and at not in happened:
            continue
        signer = ""
        if turn is not None:
            time, signer = time if turn.time is None else turn.time, turn.signer
        yield Word(recovery, turn, time, ", ".join(filter(None, (signer, key and f"key {key}"))))


def _happened(told: Iterable[Recovery]) -> frozenset[int]:
    """Return which of what was told are the turns that were written down: one that was told again,
    be it the same once more, is there once."""
    found: list[tuple[int, int]] = []
    for at, recovery in enumerate(told):
        if recovery.turn is not None:
            if found and found[-1][0] == recovery.turn.place:
                found.pop()
            found.append((recovery.turn.place, at))
    return frozenset(at for _, at in found)
