"""Checking a whole log: every leaf, tile, checkpoint and anchor against each other, and whether
intent stands before action.

What is inside the database can be made to fit by whoever holds it and the log's key. So a log is
also held against what lies elsewhere: roots on a chain, checkpoints that somebody kept, the seals
that its topic has.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any, NamedTuple

from forensics.record.checkpoint import opened
from forensics.record.errors import UntrustedError
from forensics.record.leaf import GONE, references, value_in
from forensics.record.log_reader import LogReader, Sealed
from forensics.record.note import Key
from forensics.record.order import Order, Placed, counts, placed
from forensics.record.told_seals import ToldSeals
from forensics.record.verified_tree import Outside, Tree

MOST_FINDINGS = 100
"""After so many the check ends: the log is not what it was."""

Find = Callable[[str], None]

_PLACED = b'"offset":%d,"partition":%d,"topic":"%b","value":'
"""How every leaf goes on behind its headers and its key: canonical JSON sorts. Inside a text these
quotes would be escaped."""


class Verified(NamedTuple):
    """What was looked at, and everything that is not as it was."""

    leaves: int
    """Sealed ones, each hashed again."""
    unsealed: int
    seals: int
    outside: int
    told: int
    """Seals of its topic."""
    gone: int
    """Leaves of which only the hash is left."""
    gaps: tuple[str, ...]
    """Records that never had a leaf."""
    findings: tuple[str, ...]
    disorder: tuple[str, ...]
    """Acts that stand before their intent: as it was, and not as it should be."""
    unordered: tuple[str, ...] = ()
    """Releases on chain that no order stands before: the log is sound, people are to be asked."""


def verify(
    log: LogReader, key: Key, outside: Iterable[Outside] = (), seals: ToldSeals | None = None
) -> Verified:
    """Read a log once, from its first leaf to its newest checkpoint, and check everything but its
    index (`forensics.record.index`).

    `key` is the log's, `seals` what its topic told. Raises as `LogReader` and that topic do; what
    is wrong with the log is returned.
    """
    findings: list[str] = []
    find = findings.append
    sealed = _sealed(log)
    leaves = _Leaves(log, find)
    with (
        closing(log.rows(sealed)) as parts,
        closing(log.bottom_tiles()) as bottom,
        closing(log.seals()) as own,
    ):
        told = iter(()) if seals is None else seals.rising(log, find)
        heads = _signed(own, key, find), iter(sorted(outside)), told
        tree = Tree(log.tile, bottom, heads, find)
        try:
            short = _read(parts, leaves, tree, findings) and tree.size < sealed
            # What was sealed since the reading began is excused, unless some of before is gone.
            tree.finish(tree.size if short else _sealed(log))
            leaves.check_apart()
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            find(f"behind leaf {tree.size}, or apart, stands what no log writes: {error}")
    return Verified(
        leaves=tree.size,
        unsealed=log.size() - tree.size,
        seals=tree.checked[0],
        outside=tree.checked[1],
        told=tree.checked[2],
        gone=leaves.gone,
        gaps=tuple(leaves.gaps),
        findings=tuple(findings),
        disorder=tuple(leaves.out_of_order()),
        unordered=tuple(leaves.order.releases.without_order()),
    )


def _sealed(log: LogReader) -> int:
    newest = log.newest_seal()
    return newest.size if newest else 0


def _read(
    parts: Iterable[Sequence[Sequence[Any]]], leaves: "_Leaves", tree: Tree, findings: list[str]
) -> bool:
    """Read on to the end, and say whether it came there."""
    for rows in parts:
        if rows[0][0] != tree.size or rows[-1][0] != tree.size + len(rows) - 1:
            findings.append(f"a leaf between {tree.size} and {rows[-1][0]} is missing")
            return False
        leaves.check(rows)
        tree.add([row[1] for row in rows])
        if len(findings) >= MOST_FINDINGS:
            return False
    return True


def _signed(seals: Iterable[Sealed], key: Key, find: Find) -> Iterator[Outside]:
    """Give what the checkpoints say; tell of those that their log did not sign so."""
    for sealed in seals:
        try:
            checkpoint, _ = opened(sealed.note.encode(), key)
        except UntrustedError as error:
            find(f"the checkpoint of {sealed.size} leaves: {error}")
            continue
        if (checkpoint.size, checkpoint.root) != (sealed.size, sealed.root):
            find(f"the checkpoint of {sealed.size} leaves says something else")
        yield Outside(checkpoint.size, checkpoint.root, "the checkpoint")


class _Leaves:
    """Single leaves: do they hash to what is said, and stand where they say."""

    def __init__(self, log: LogReader, find: Find) -> None:
        self._log = log
        self._find = find
        self._ends: dict[tuple[str, int], int] = {}
        self.order = Order()
        self.gone = 0
        self.gaps: list[str] = []
        self._disorder: list[str] = []
        self._more = 0

    def check(self, rows: Sequence[Sequence[Any]]) -> None:
        ends = self._ends
        for told in self.order.disordered(self._steps(rows)):  # to its end: releases hang on it
            if len(self._disorder) < MOST_FINDINGS:
                self._disorder.append(told)
            else:
                self._more += 1
        for position, kept, topic, number, offset, kind, entry in rows:
            if entry is None:
                self.gone += 1
                if kind != GONE:
                    self._find(f"leaf {position}: its entry was taken out")
            elif sha256(b"\x00" + entry).digest() != kept:
                self._find(f"leaf {position} is not what its hash says")
            elif _PLACED % (offset, number, topic.encode()) not in entry:
                self._find(f"leaf {position} is of another record than {topic}[{number}] {offset}")
            elif b'"sha256":"' in entry:
                self._check_references(position, entry)
            if ends.get((topic, number), offset) < offset and len(self.gaps) < MOST_FINDINGS:
                end = ends[topic, number]
                self.gaps.append(f"{topic}[{number}]: no leaf of offsets {end} to {offset - 1}")
            ends[topic, number] = offset + 1

    def out_of_order(self) -> Iterator[str]:
        """Say, at the end of a log, what stands before its intent."""
        yield from self._disorder
        if self._more:
            yield f"and {self._more:,} more that stand before what they follow from"

    def _steps(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[int, Placed]]:
        """Give what has to stand in order: by its topic, which the leaf's own bytes have to say,
        and not by its kind, which is only noted."""
        apart = self._log.apart
        for position, _, topic, _, _, _, entry in rows:
            if entry is not None and counts(topic, entry):
                value = value_in(entry, apart)
                found = None if value is None else placed(value)
                if found is not None:
                    yield position, found

    def _check_references(self, position: int, entry: bytes) -> None:
        for digest in references(entry):
            if self._log.apart(digest) is None:
                self._find(f"leaf {position}: what is kept apart as {digest} is missing")

    def check_apart(self) -> None:
        """Hash what is kept apart."""
        for digest, data in self._log.all_apart():
            if sha256(data).digest() != digest:
                self._find(f"what is kept apart as {digest.hex()} is not what it was")
