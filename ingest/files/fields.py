"""Fields of rows and objects, read strictly: hexadecimal, decimal and plain numbers alike.

Every reader takes a value and the field's name, and raises `PoisonRecordError` naming the field.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from ingest.numbers import refused, whole
from runtime import hexadecimal
from schemas.errors import PoisonRecordError

T = TypeVar("T")
Reader = Callable[[Any, str], T]

MAX_HEIGHT = 2**63 - 1
MAX_POSITION = 2**31 - 1
ZERO_ADDRESS = "0x" + "0" * 40

_LONGEST_DECIMAL = 100
_MILLISECONDS = 10**11
"""A time beyond it is in milliseconds: as seconds it would lie after the year 5000."""
_LONGEST_TOPICS = 400
_DECIMAL = re.compile(r"[0-9]{1,100}(?:\.[0-9]{1,100})?(?:[eE][+-]?[0-9]{1,3})?")

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a time without a zone is taken for UTC
_SECOND = timedelta(seconds=1)
_PLAIN = re.compile(r"[0-9]{1,30}\.[0-9]{1,30}")
"""How most floats are written: no sign, no exponent, short."""


class Fields:
    """An object or row. Where a field goes by several names, the first that holds anything counts;
    '' is how CSV says that there is nothing."""

    __slots__ = ("_values",)

    def __init__(self, values: Any, what: str) -> None:
        if not isinstance(values, Mapping):
            raise refused(values, what, "an object")
        self._values = values

    def raw(self, *names: str) -> Any:
        """Return the value as it stands, None where there is none."""
        for name in names:
            value = self._values.get(name)
            if value is not None and value != "":
                return value
        return None

    def maybe(self, read: Reader[T], *names: str) -> T | None:
        """Return what `read` makes of the field, None where it is absent."""
        for name in names:
            value = self._values.get(name)
            if value is not None and value != "":
                return read(value, name)
        return None

    def need(self, read: Reader[T], *names: str) -> T:
        """Return what `read` makes of the field, which has to be there."""
        value = self.maybe(read, *names)
        if value is None:
            raise PoisonRecordError(f"{names[0]} is missing")
        return value


def height(value: Any, field: str) -> int:
    """Read a block number."""
    number = whole(value, field)
    if number > MAX_HEIGHT:
        raise refused(value, field, "a block number")
    return number


def position(value: Any, field: str) -> int:
    """Read an index within a block."""
    number = whole(value, field)
    if number > MAX_POSITION:
        raise refused(value, field, "an index within a block")
    return number


def succeeded(value: Any, field: str) -> bool:
    """Read a status: 1 or 0."""
    number = whole(value, field)
    if number > 1:
        raise refused(value, field, "a status of 0 or 1")
    return number == 1


def text(value: Any, field: str) -> str:
    """Read text."""
    if isinstance(value, str):
        return value
    raise refused(value, field, "text")


def seconds(value: Any, field: str) -> int:
    """Read a time as seconds since 1970: seconds, or a date with time, in UTC unless it says."""
    if isinstance(value, datetime):
        return _since_1970(value, field)
    if isinstance(value, str) and "-" in value:
        try:
            return _since_1970(datetime.fromisoformat(value.removesuffix(" UTC")), field)
        except ValueError:
            raise refused(value, field, "a time") from None
    return height(value, field)


def moment(value: Any, field: str) -> int:
    """Read a time that may be in milliseconds, microseconds or nanoseconds, or have a fraction, as
    seconds since 1970."""
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        value = value.partition(".")[0]
    elif isinstance(value, float | Decimal) and 0 <= value <= MAX_HEIGHT:
        value = int(value)
    number = seconds(value, field)
    while number >= _MILLISECONDS:
        number //= 1000
    return number


def _since_1970(time: datetime, field: str) -> int:
    found = (time - _EPOCH) // _SECOND if time.tzinfo is None else int(time.timestamp())
    if found < 0:
        raise refused(time, field, "a time after 1970")
    return found


def topics(value: Any, field: str) -> tuple[str, ...]:
    """Read a log's topics: a list, the text of one, or topics with commas between them."""
    if isinstance(value, str) and len(value) <= _LONGEST_TOPICS:
        if value.startswith("[") and value.endswith("]"):
            value = value[1:-1]
        value = [_unquoted(part.strip()) for part in value.split(",")] if value.strip() else []
    if not isinstance(value, list) or len(value) > 4:
        raise refused(value, field, "a list of at most 4 topics")
    return tuple(hexadecimal.hash32(topic, field) for topic in value)


def _unquoted(part: str) -> str:
    return part[1:-1] if len(part) > 1 and part[0] in "'\"" and part[0] == part[-1] else part


def decimal_text(value: Any, field: str) -> str:
    """Read an unsigned decimal number as plain text: every digit that stands there, and none that
    does not."""
    number = value
    if isinstance(value, float):
        written = repr(value)
        if _PLAIN.fullmatch(written):
            return written
        number = Decimal(written)
    elif type(value) is int:
        number = Decimal(whole(value, field))
    elif isinstance(value, str):
        number = Decimal(value) if _DECIMAL.fullmatch(value) else None
    if not isinstance(number, Decimal) or not number.is_finite() or number < 0:
        raise refused(value, field, "an unsigned decimal number")
    if abs(number.adjusted()) > _LONGEST_DECIMAL // 2:
        raise refused(value, field, "a decimal number of ordinary size")
    plain = f"{number.copy_abs():f}"
    if len(plain) > _LONGEST_DECIMAL:
        raise refused(value, field, f"a decimal number of at most {_LONGEST_DECIMAL} characters")
    return plain
