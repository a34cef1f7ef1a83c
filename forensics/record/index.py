"""The log's index, held against its leaves: what kind each is said to be, and from which ids it is
found.

The index stands outside of the tree. Whoever holds the database can change it without changing a
leaf, and so hide one from whoever searches. It follows from the leaves, so it is computed again.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from forensics.record.leaf import GONE, UNREAD, fields_of, leaf_of, message_in
from forensics.record.log_reader import LogReader
from schemas.errors import PoisonRecordError
from schemas.topics import TOPICS

MOST_FINDINGS = 100
"""After so many the check ends."""

_ID = re.compile("[0-9a-f]{64}")

_LIKE_AN_ID = re.compile(rb'"(?:[0-9a-f]|\\u00..){64}"')
"""Text that may be one: JSON writes a character as itself or escaped, and both are read the same.
The rest is not decoded."""

_TOP = msgspec.json.Decoder(dict[str, msgspec.Raw])

Apart = Callable[[str], bytes | None]


class Indexed(NamedTuple):
    """How many rows were looked at, and each that disagrees with its leaf."""

    leaves: int
    names: int
    findings: tuple[str, ...]


def check_index(log: LogReader) -> Indexed:
    """Compute the index of every sealed leaf again. Raises as `LogReader` does."""
    newest = log.newest_seal()
    check = _Check(log, newest.size if newest else 0)
    with closing(log.rows(check.size)) as parts, closing(log.names()) as names:
        check.run(chain.from_iterable(parts), names)
    return Indexed(check.leaves, check.names, tuple(check.findings[:MOST_FINDINGS]))


class _Check:
    """Goes along leaves and names, both by rising positions."""

    def __init__(self, log: LogReader, size: int) -> None:
        self._log = log
        self.size = size
        self.leaves = self.names = 0
        self.findings: list[str] = []

    def run(self, leaves: Iterator[Sequence[Any]], names: Iterator[tuple[bytes, int]]) -> None:
        """Compare them."""
        ahead = next(names, None)
        for position, _, topic, _, _, kind, entry in leaves:
            self.leaves += 1
            held = self._held(position, kind, (topic, entry))
            missing = set(held or ())
            while ahead is not None and ahead[1] <= position and not self._full():
                name, at = ahead
                if at < position:
                    self._astray(ahead)
                elif held is not None and name not in held:
                    what = f"the index leads there from {name.hex()}, which is not in it"
                    self._find(position, what)
                else:
                    missing.discard(name)
                self.names += 1
                ahead = next(names, None)
            for name in sorted(missing):
                self._find(position, f"it holds {name.hex()}, and the index does not lead there")
            if self._full():
                return
        while ahead is not None and not self._full():
            if ahead[1] >= self.size and ahead[1] >= self._log.size():
                self._astray(ahead)  # what is not sealed yet was written with its leaf
            ahead = next(names, None)

    def _astray(self, name: tuple[bytes, int]) -> None:
        self.findings.append(
            f"the index leads from {name[0].hex()} to leaf {name[1]}, which there is not"
        )

    def _held(
        self, position: int, told: str, leaf: tuple[str, bytes | None]
    ) -> frozenset[bytes] | None:
        """Return the ids that a leaf's record holds, and compare its kind; None where it is no leaf
        of ours, or what it keeps apart is gone: the check of leaves says so."""
        try:
            kind, names = _expected(*leaf, self._log.apart)
        except (PoisonRecordError, AttributeError, LookupError, TypeError, ValueError):
            return None
        if told != kind:
            self._find(position, f"the index calls it {told!r}, it is {kind!r}")
        return names

    def _find(self, position: int, what: str) -> None:
        self.findings.append(f"leaf {position}: {what}")

    def _full(self) -> bool:
        return len(self.findings) >= MOST_FINDINGS


def _expected(topic: str, entry: bytes | None, apart: Apart) -> tuple[str, frozenset[bytes]]:
    """Return a leaf's kind, and the ids that its record holds at its top level.

    A value that is text was read when it was written down. One that is apart was not, or was too
    long: it is read again, and was not read then if today it would make another leaf.
    """
    if entry is None:
        return GONE, frozenset()
    value = fields_of(entry)["value"]
    if isinstance(value, str):
        top = _TOP.decode(value)
        kind = msgspec.json.decode(top["kind"], type=str)
        known = _fields(topic, kind)
        held = (bytes(raw) for name, raw in top.items() if name in known)
        texts = (msgspec.json.decode(one, type=str) for one in held if _LIKE_AN_ID.fullmatch(one))
        return kind, frozenset(bytes.fromhex(one) for one in texts if _ID.fullmatch(one))
    leaf = leaf_of(message_in(entry, apart))
    same = leaf.entry == entry
    return (leaf.kind, frozenset(leaf.names)) if same else (UNREAD, frozenset())


@cache
def _fields(topic: str, kind: str) -> frozenset[str]:
    """Return the fields of a kind of record on a topic."""
    for record in TOPICS[topic].records:
        if record.__struct_config__.tag == kind:
            return frozenset(record.__struct_encode_fields__)
    raise LookupError(kind)
