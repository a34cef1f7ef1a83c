"""Text of strangers becomes safe values, or an error that names the field."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime import hexadecimal
from schemas.errors import PoisonRecordError

READERS: dict[str, Callable[[Any, str], Any]] = {
    "address": hexadecimal.address,
    "hash32": hexadecimal.hash32,
    "quantity": hexadecimal.quantity,
    "data": hexadecimal.data,
}

NEVER: tuple[object, ...] = (None, 7, "", "12", "0xzz", [], "0x 1", "0x\N{FULLWIDTH DIGIT ONE}")
"""What no reader takes."""


def test_what_is_well_formed_is_read() -> None:
    assert hexadecimal.address("0x" + "Ab" * 20, "to") == "0x" + "ab" * 20
    assert hexadecimal.hash32("0x" + "Cd" * 32, "hash") == "0x" + "cd" * 32
    assert hexadecimal.quantity("0x" + "f" * 64, "value") == 2**256 - 1
    assert hexadecimal.quantity("0x00", "value") == 0
    assert hexadecimal.data("0x", "input") == "0x"
    assert hexadecimal.data("0xABCD", "input") == "0xabcd"


@pytest.mark.parametrize(
    ("reader", "value"),
    [
        *((name, bad) for name in READERS for bad in NEVER),
        ("address", "0x" + "11" * 19),
        ("address", "0x" + "11" * 20 + "\n"),
        ("hash32", "0x" + "11" * 33),
        ("quantity", "0x"),
        ("quantity", "-0x1"),
        ("quantity", "0x1_0"),
        ("quantity", "0x" + "f" * 65),
        ("data", "0xabc"),
        ("data", "0xab cd "),
        ("data", "0xab cd"),
    ],
)
def test_what_is_not_is_refused_by_the_name_of_its_field(reader: str, value: object) -> None:
    with pytest.raises(PoisonRecordError, match=r"^field is not"):
        READERS[reader](value, "field")


@given(st.sampled_from(sorted(READERS)), st.text() | st.text("0123456789abcdefx", max_size=70))
def test_no_text_raises_anything_else(reader: str, text: str) -> None:
    try:
        found = READERS[reader](text, "field")
    except PoisonRecordError:
        return
    assert found == (int(text, 16) if reader == "quantity" else text.lower())


def test_a_long_value_is_not_quoted_whole() -> None:
    with pytest.raises(PoisonRecordError) as refused:
        hexadecimal.address("x" * 10_000, "to")
    assert len(str(refused.value)) < 200
