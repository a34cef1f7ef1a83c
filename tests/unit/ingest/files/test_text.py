from decimal import Decimal

import pytest

from ingest.files.csv_text import split_csv
from ingest.files.json_text import parse_json
from schemas.errors import PoisonRecordError


def test_whole_numbers_are_exact_at_any_size() -> None:
    assert parse_json(b"[18446744073709551617]") == [2**64 + 1]
    assert parse_json(b"%d" % (2**256 - 1)) == 2**256 - 1


def test_decimal_numbers_keep_their_digits() -> None:
    assert parse_json(b"1.10") == Decimal("1.10")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": 1, "b": 2, "a": 3}', "'a' stands twice"),
        (b"NaN", "NaN is not a number"),
        (b"[-Infinity]", "-Infinity is not a number"),
        (b"1e99999999999999999999", "exponent"),
        (b"1" * 5000, "digits"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"\xff", "not UTF-8 at byte 0"),
        (b'{"a": }', "not JSON: Expecting value at line 1, column 7"),
        (b"[1] [2]", "not JSON: Extra data"),
        (b"", "not JSON"),
    ],
)
def test_json_that_could_be_misread_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(PoisonRecordError) as caught:
        parse_json(data)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"", [""]),
        (b"a,b", ["a", "b"]),
        (b"a,,", ["a", "", ""]),
        (b'"a,b",c', ["a,b", "c"]),
        (b'"say ""so""",""', ['say "so"', ""]),
    ],
)
def test_csv_is_split_into_fields(line: bytes, fields: list[str]) -> None:
    assert split_csv(line) == fields


@pytest.mark.parametrize("line", [b'"a', b'a"b', b'"a"b,c', b"\xff"])
def test_csv_with_broken_quotes_is_refused(line: bytes) -> None:
    with pytest.raises(PoisonRecordError):
        split_csv(line)
