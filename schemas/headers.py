"""What travels beside a record, in its headers: times of hops, the record's id, signatures.

None of it is part of the record's value, so a replay gives the same bytes.
"""

from collections.abc import Iterable
from typing import get_args

from schemas.errors import PoisonRecordError
from schemas.incidents import Hop

Headers = tuple[tuple[str, bytes], ...]

RECORD_ID = "record-id"
STEP = "step"
"""Which step of its chain's publication a record belongs to."""

CHAIN = "chain"
"""Which chain a signed record is about, for readers of one chain to pass over the others'. It is a
hint that nothing rests on: the record itself says it too, under the signature."""

TERM = "term"
"""Which chain a record is of, and its publisher's term; see `runtime.fencing`."""

KEY_ID = "key-id"
SEQUENCE = "sequence"
EXPIRES = "expires-after-block"
SIGNATURE = "ed25519"

HOPS: tuple[Hop, ...] = get_args(Hop)
HOP = "hop-"
"""Goes in front of a hop's name."""

_LONGEST_NUMBER = 20


def find(headers: Iterable[tuple[str, bytes | None]], name: str) -> bytes | None:
    """Return the value of the first header of that name."""
    for key, value in headers:
        if key == name:
            return value
    return None


def number(headers: Iterable[tuple[str, bytes | None]], name: str) -> int:
    """Return the non-negative decimal number in the named header."""
    text = find(headers, name)
    if text is None or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise PoisonRecordError(f"header {name!r} is missing or not a number")
    return int(text)


def hops(headers: Iterable[tuple[str, bytes | None]]) -> dict[Hop, int]:
    """Return when the record's origin passed each hop, in nanoseconds since 1970.

    Headers that are not numbers are left out: times inform, nothing rests on them.
    """
    texts = dict(headers)
    found: dict[Hop, int] = {}
    for hop in HOPS:
        text = texts.get(HOP + hop)
        if text is not None and text.isdigit() and len(text) <= _LONGEST_NUMBER:
            found[hop] = int(text)
    return found


def hop_headers(times: dict[Hop, int]) -> Headers:
    """Write hop times as headers, in the order of the hops."""
    return tuple((HOP + hop, b"%d" % times[hop]) for hop in HOPS if hop in times)
