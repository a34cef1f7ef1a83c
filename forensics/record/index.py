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

_ID = re.compile(rb'"[0-9a-f]{64}"')

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
            kept: set[bytes] = set()
            while ahead is not None and ahead[1] <= position:
                if ahead[1] == position:
                    kept.add(ahead[0])
                else:
                    self._astray(ahead)
                self.names += 1
                ahead = next(names, None)
            self._compare(position, (kind, kept), (topic, entry))
            if len(self.findings) >= MOST_FINDINGS:
                return
        while ahead is not None and len(self.findings) < MOST_FINDINGS:
            if ahead[1] >= self.size and ahead[1] >= self._log.size():
                self._astray(ahead)  # what is not sealed yet was written with its leaf
            ahead = next(names, None)

    def _astray(self, name: tuple[bytes, int]) -> None:
        self.findings.append(
            f"the index leads from {name[0].hex()} to leaf {name[1]}, which there is not"
        )

    def _compare(
        self, position: int, index: tuple[str, set[bytes]], leaf: tuple[str, bytes | None]
    ) -> None:
        told, kept = index
        try:
            found = _expected(*leaf, self._log.apart)
        except (PoisonRecordError, AttributeError, LookupError, TypeError, ValueError):
            return  # no leaf of ours, or what it keeps apart is gone: the check of leaves says so
        kind, names = found
        find = self.findings.append
        if told != kind:
            find(f"leaf {position}: the index calls it {told!r}, it is {kind!r}")
        for name in sorted(names - kept):
            find(f"leaf {position}: it holds {name.hex()}, and the index does not lead there")
        for name in sorted(kept - names):
            find(f"leaf {position}: the index leads there from {name.hex()}, which is not in it")


def _expected(topic: str, entry: bytes | None, apart: Apart) -> tuple[str, set[bytes]]:
    """Return a leaf's kind, and the ids that its record holds at its top level.

    A value that is text was read when it was written down. One that is apart was not, or was too
    long: it is read again, and was not read then if today it would make another leaf.
    """
    if entry is None:
        return GONE, set()
    value = fields_of(entry)["value"]
    if isinstance(value, str):
        top = _TOP.decode(value)
        kind = msgspec.json.decode(top["kind"], type=str)
        known = _fields(topic, kind)
        held = (bytes(raw) for name, raw in top.items() if name in known)
        return kind, {bytes.fromhex(one[1:-1].decode()) for one in held if _ID.fullmatch(one)}
    leaf = leaf_of(message_in(entry, apart))
    return (leaf.kind, set(leaf.names)) if leaf.entry == entry else (UNREAD, set())


@cache
def _fields(topic: str, kind: str) -> frozenset[str]:
    """Return the fields of a kind of record on a topic."""
    for record in TOPICS[topic].records:
        if record.__struct_config__.tag == kind:
            return frozenset(record.__struct_encode_fields__)
    raise LookupError(kind)
