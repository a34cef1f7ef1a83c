"""Numbers that wrap around are told from what only looks like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.vast import vast
from schemas.chain import MAX_VAST


def called_with(*words: int | str) -> str:
    told = (word if isinstance(word, str) else f"{word:064x}" for word in words)
    return "0x83f12fec" + "".join(told)


@pytest.mark.parametrize("number", [2**255, 2**255 - 1, 2**252, 2**254 + 1, 2**256 - 2**240])
def test_numbers_near_a_power_of_two_are_found(number: int) -> None:
    found = vast(called_with(5, number, 7))
    assert found == (() if number >> 224 == 2**32 - 1 else (str(number),))


@pytest.mark.parametrize(
    "word",
    [
        2**256 - 1,
        2**256 - 1000,
        2**250,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        b"aaaa".hex().ljust(64, "0"),
    ],
    ids=["all of it", "a negative number", "not that large", "a hash", "text"],
)
def test_others_are_not(word: int | str) -> None:
    assert vast(called_with(1, word, 2)) == ()


def test_what_a_list_or_bytes_hold_is_no_argument_by_itself() -> None:
    inside = "80" + "0" * 62
    assert vast(called_with(0x20, 1, inside)) == ()
    assert vast(called_with(0x40, inside, 1, 5)) == (str(2**255),)


def test_no_more_than_the_record_has_room_for() -> None:
    assert len(vast(called_with(*[2**255] * 50))) == MAX_VAST


@given(st.text(alphabet="0123456789abcdefxz", max_size=200))
def test_nothing_else_is_read_and_nothing_raises(text: str) -> None:
    assert all(int(number) >= 2**252 for number in vast(text))
