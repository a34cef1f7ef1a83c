"""Whatever a crash cuts off, a prefix is left; whatever byte changes, it is found."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responders.entries import Entry, Mark, Step
from responders.journal import Journal
from schemas.errors import UnsafeToContinueError
from tests.unit.responders.test_guard import action

unhurried = settings(deadline=None, derandomize=True)
ENTRIES: tuple[Entry, ...] = (
    Step(action=action("proposed"), block=1, time=2),
    Step(action=action("signed"), block=1, time=2, raw="0x02f8", hops={"received": 5, "sent": 9}),
    Mark(published=2, latest={"incident": 7}),
    Step(action=action("broadcast"), block=1, time=2, sender="0xaa"),
)


@contextmanager
def journal_of(data: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(data)
        yield path


@cache
def written() -> bytes:
    with journal_of(b"") as path:
        with Journal(path) as journal:
            journal.append(*ENTRIES)
        return path.read_bytes()


@unhurried
@given(st.integers(0, 10**6))
def test_cut_at_any_byte_it_reopens_to_a_prefix(place: int) -> None:
    data = written()[: place % (len(written()) + 1)]
    whole = data.count(b"\n")
    with journal_of(data) as path:
        with Journal(path) as journal:
            assert journal.entries == ENTRIES[:whole]
            journal.append(ENTRIES[0])
        with Journal(path) as journal:
            assert journal.entries == (*ENTRIES[:whole], ENTRIES[0])


@unhurried
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, flip: int) -> None:
    data = bytearray(written())
    data[place % len(data)] ^= flip
    with journal_of(bytes(data)) as path, pytest.raises(UnsafeToContinueError):
        Journal(path)


def test_every_single_byte_flip_is_found() -> None:
    """Not sampled: each byte once, its lowest bit."""
    with journal_of(b"") as path:
        for place in range(len(written())):
            data = bytearray(written())
            data[place] ^= 1
            path.write_bytes(data)
            with pytest.raises(UnsafeToContinueError):
                Journal(path)


@unhurried
@given(st.binary(min_size=1, max_size=300))
def test_bytes_added_at_the_end_never_become_entries(more: bytes) -> None:
    with journal_of(written() + more) as path:
        try:
            with Journal(path) as journal:
                assert journal.entries == ENTRIES
        except UnsafeToContinueError:
            assert b"\n" in more
