"""Whether a time stamp is older than what it covers. Needs the evidence and the stamp alone."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from forensics.cases.catalogue import Entry
from forensics.cases.recording import read_answer
from forensics.cases.stamp import Stamp
from forensics.cases.tied import header_fault
from forensics.cases.transactions import quantity

SKEW = timedelta(minutes=1)
"""By how much a chain's and an authority's clocks may differ: a block is dated by who makes it, a
few seconds ahead of time at most."""


def antedated(stamp: Stamp, entries: Iterable[Entry], load: Callable[[str], bytes]) -> str:
    """Return why a stamp over these answers of a node cannot be of its time, '' if it can be.

    It is held against the newest block whose hash follows from its bytes; where there is none,
    nothing is known. Raises as `load` does.
    """
    found = _newest(entries, load)
    if found is None:
        return ""
    number, at = found
    if stamp.at + SKEW >= at:
        return ""
    return (
        f"says that it was made at {stamp.at.isoformat()}, before block {number:,}, which it "
        f"covers, was there ({at.isoformat()}): the authority told a false time, or the node that "
        f"gave the block did. Rely on no time here, and have the folder stamped by another one"
    )


def _newest(entries: Iterable[Entry], load: Callable[[str], bytes]) -> tuple[int, datetime] | None:
    asked = {
        quantity(entry.parameters[0]): entry
        for entry in entries
        if entry.method == "eth_getBlockByNumber" and entry.outcome == "given" and entry.parameters
    }
    for number in sorted(asked, reverse=True):
        block = read_answer(load(asked[number].response))[2]
        if isinstance(block, dict) and not header_fault(block, {}):
            try:
                return quantity(block.get("number")), datetime.fromtimestamp(
                    quantity(block.get("timestamp")), UTC
                )
            except (OverflowError, ValueError):
                continue  # a number that is no time
    return None
