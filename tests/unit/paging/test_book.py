"""What a pager remembers is bounded, and what has to be done is never forgotten."""

from msgspec.structs import replace

from paging.book import Book
from paging.pages import after_case
from schemas.paging import Ending, Page
from tests.unit.paging.stand import LADDERS, NOW, case


def page(number: int, ended: Ending = "") -> Page:
    return Page(
        id=f"{number:064x}",
        chain="eip155:1",
        protocol="meadow",
        incident=f"{number:064x}",
        severity="high",
        summary="a price moved",
        since=number,
        due=number,
        ended=ended,
    )


def test_of_those_that_ended_the_newest_are_kept_and_all_that_are_open() -> None:
    book = Book(kept=3)
    for number in range(10):
        book.put((0, str(number)), page(number))
    for number in range(9):
        book.put((0, str(number)), page(number, "closed"))
    kept = [number for number in range(10) if book.get((0, str(number))) is not None]
    assert kept == [6, 7, 8, 9]
    assert [at for at, _ in book.open()] == [(0, "9")]


def test_one_that_ends_again_counts_as_new() -> None:
    book = Book(kept=2)
    for number in (1, 2):
        book.put((0, str(number)), page(number, "closed"))
    book.put((0, "1"), page(1))
    book.put((0, "1"), page(1, "acknowledged"))
    book.put((0, "3"), page(3, "closed"))
    assert book.get((0, "2")) is None
    assert book.get((0, "1")) is not None


def test_a_partition_that_another_has_now_is_forgotten() -> None:
    book = Book()
    for partition in (0, 1):
        book.put((partition, "open"), page(1))
        book.put((partition, "ended"), page(2, "closed"))
    book.release({0})
    assert book.get((0, "open")) is None
    assert book.get((0, "ended")) is None
    assert book.get((1, "ended")) is not None
    assert [at for at, _ in book.open()] == [(1, "open")]


def test_a_forgotten_page_wakes_nobody_for_a_case_that_is_done_with() -> None:
    for done in (case(acknowledged="critical"), case(phase="closed"), case(latest=0)):
        assert after_case(None, done, LADDERS, NOW * 1000, 86_400) is None


def test_of_too_many_open_ones_the_least_grave_and_oldest_is_forgotten() -> None:
    book = Book(most=3)
    grave = [replace(page(number), severity="critical") for number in range(3)]
    assert book.put((0, "lesser"), page(7)) is None
    assert [book.put((0, one.id), one) for one in grave] == [None, None, (0, "lesser")]
    assert book.put((0, "last"), page(8)) == (0, "last")
    assert len(book) == 3


def test_an_ended_one_that_had_to_go_is_named() -> None:
    book = Book(kept=1)
    assert book.put((0, "1"), page(1, "closed")) is None
    assert book.put((0, "2"), page(2, "closed")) == (0, "1")
    assert book.get((0, "1")) is None
