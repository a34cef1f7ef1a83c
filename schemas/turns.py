"""What happened on the way back of a case, as it was told. Pure."""

from collections.abc import Iterable

from schemas.incidents import Recovery, Turn


def happened(told: Iterable[Recovery]) -> list[tuple[Recovery, Turn]]:
    """Return the turns that were written down, in the order in which they were told: one that was
    told and could not be left its place to the next, so of one place in a row the last counts."""
    found: list[tuple[Recovery, Turn]] = []
    for recovery in told:
        turn = recovery.turn
        if turn is None:
            continue
        if found and found[-1][1].place == turn.place:
            found.pop()
        found.append((recovery, turn))
    return found
