import pytest

from schemas import headers
from schemas.errors import PoisonRecordError


def test_the_first_header_of_a_name_counts() -> None:
    carried = (("a", b"1"), ("b", None), ("a", b"2"))

    assert headers.find(carried, "a") == b"1"
    assert headers.find(carried, "b") is None
    assert headers.find(carried, "c") is None


def test_a_number_is_read_from_its_header() -> None:
    assert headers.number(((headers.SEQUENCE, b"21402118"),), headers.SEQUENCE) == 21402118


@pytest.mark.parametrize("text", [None, b"", b"-1", b"1.5", b" 1", b"\xb2", b"9" * 21])
def test_a_header_that_is_no_number_is_poison(text: bytes | None) -> None:
    with pytest.raises(PoisonRecordError, match="sequence"):
        headers.number(((headers.SEQUENCE, text),), headers.SEQUENCE)


def test_a_missing_number_is_poison() -> None:
    with pytest.raises(PoisonRecordError, match="missing"):
        headers.number((), headers.EXPIRES)


def test_hop_times_come_back_in_the_order_of_the_hops() -> None:
    carried = headers.hop_headers({"scored": 30, "received": 10, "published": 20})

    assert carried[0] == ("hop-received", b"10")
    assert list(headers.hops(carried).items()) == [
        ("received", 10),
        ("published", 20),
        ("scored", 30),
    ]


def test_a_hop_time_that_is_no_number_is_left_out() -> None:
    carried = (("hop-received", b"soon"), ("hop-scored", b"7"), ("hop-elsewhere", b"8"))

    assert headers.hops(carried) == {"scored": 7}
