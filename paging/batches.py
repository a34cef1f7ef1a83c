"""What goes into one message, and what waits for the next. Pure."""

from collections.abc import Hashable
from typing import NamedTuple

from paging.words import Line

MOST_APART = 12
"""Alarms that a channel is told of one by one; more at once are a flood, and one message."""


class Parcel(NamedTuple):
    """One line, and what it is about."""

    about: Hashable
    line: Line


def next_batch(waiting: list[Parcel], *, apart: bool) -> tuple[list[Parcel], list[Parcel]]:
    """Return what goes together now, and the others, in their order.

    Where things are told `apart` that is the first of them. Only a flood of alarms goes together:
    what ends one never does, since it has to reach the incident that it ends.
    """
    if not apart:
        return waiting, []
    alarms = [parcel for parcel in waiting if parcel.line.step == "trigger"]
    if len(alarms) <= MOST_APART:
        return waiting[:1], waiting[1:]
    return alarms, [parcel for parcel in waiting if parcel.line.step != "trigger"]
