"""Every record type survives its own bytes; no bytes do worse than be refused."""

from functools import singledispatch
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import inspect

from schemas.base import Record
from schemas.codec import UnencodableRecordError, decode, decode_from, encode
from schemas.errors import PoisonRecordError
from schemas.signals import Signal
from schemas.topics import TOPICS
from schemas.units import INT256_MAX, SAFE_INTEGER, UINT256_MAX, int256, uint

RECORDS: list[type[Record]] = sorted(
    {record for spec in TOPICS.values() for record in spec.records}, key=lambda kind: kind.__name__
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = st.recursive(
    TEXT | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
"""What both a decoded argument and a detector's state may hold where their type says `Any`."""


@singledispatch
def values(kind: Any) -> SearchStrategy[Any]:
    """Draw the values that a type allows."""
    raise NotImplementedError(kind)


CHECKED: dict[type, dict[str, SearchStrategy[Any]]] = {
    Signal: {
        "id": st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
        "issuer": st.from_regex(r"0x[0-9a-f]{40}", fullmatch=True),
        "signature": st.from_regex(r"0x[0-9a-f]{130}", fullmatch=True),
        "target": st.from_regex(r"eip155:[1-9]{1,5}:0x[0-9a-f]{40}", fullmatch=True),
        "technique": st.from_regex(r"ADT3[0-9]{3}", fullmatch=True),
        "evidence_root": st.from_regex(r"0x[0-9a-f]{64}", fullmatch=True),
    }
}
"""What a record's own check asks of its fields beside their types."""


@values.register
def _(kind: inspect.StructType) -> SearchStrategy[Any]:
    fields = {
        field.name: values(field.type)
        if field.required
        else st.one_of(st.just(_default(field)), values(field.type))
        for field in kind.fields
    }
    return st.builds(kind.cls, **fields | CHECKED.get(kind.cls, {}))


def _default(field: inspect.Field) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory()


@values.register
def _(kind: inspect.Metadata) -> SearchStrategy[Any]:
    return values(kind.type)


@values.register
def _(kind: inspect.StrType) -> SearchStrategy[Any]:
    if kind.pattern is not None:
        return st.from_regex(kind.pattern, fullmatch=True)
    shortest = kind.min_length or 0
    longest = min(kind.max_length or 20, shortest + 20)
    return st.text(st.characters(exclude_categories=["Cs"]), min_size=shortest, max_size=longest)


@values.register
def _(kind: inspect.IntType) -> SearchStrategy[Any]:
    lowest = -SAFE_INTEGER if kind.ge is None else int(kind.ge)
    highest = SAFE_INTEGER if kind.le is None else int(kind.le)
    return st.integers(lowest, highest if kind.lt is None else int(kind.lt) - 1)


@values.register
def _(kind: inspect.FloatType) -> SearchStrategy[Any]:
    low = kind.ge if kind.gt is None else kind.gt
    high = kind.le if kind.lt is None else kind.lt
    return st.floats(
        low,
        high,
        exclude_min=kind.gt is not None,
        exclude_max=kind.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


@values.register
def _(_kind: inspect.BoolType) -> SearchStrategy[Any]:
    return st.booleans()


@values.register
def _(_kind: inspect.BytesType) -> SearchStrategy[Any]:
    return st.binary(max_size=20)


@values.register
def _(_kind: inspect.NoneType) -> SearchStrategy[Any]:
    return st.none()


@values.register
def _(_kind: inspect.AnyType) -> SearchStrategy[Any]:
    return PLAIN


@values.register
def _(kind: inspect.LiteralType) -> SearchStrategy[Any]:
    return st.sampled_from(kind.values)


@values.register
def _(kind: inspect.UnionType) -> SearchStrategy[Any]:
    return st.one_of(*map(values, kind.types))


@values.register
def _(kind: inspect.VarTupleType) -> SearchStrategy[Any]:
    shortest = kind.min_length or 0
    return st.lists(values(kind.item_type), min_size=shortest, max_size=shortest + 2).map(tuple)


@values.register
def _(kind: inspect.TupleType) -> SearchStrategy[Any]:
    return st.tuples(*map(values, kind.item_types))


@values.register
def _(kind: inspect.ListType) -> SearchStrategy[Any]:
    return st.lists(values(kind.item_type), max_size=2)


@values.register
def _(kind: inspect.DictType) -> SearchStrategy[Any]:
    return st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=2)


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_a_record_survives_its_own_bytes(kind: type[Record], data: st.DataObject) -> None:
    record = data.draw(values(inspect.type_info(kind)))

    written = encode(record)
    read = decode(written, kind)

    assert read == record
    assert encode(read) == written


@given(st.sampled_from(list(TOPICS.values())), st.binary(max_size=2000))
@settings(deadline=None)
def test_arbitrary_bytes_are_read_or_are_poison(topic: Any, data: bytes) -> None:
    with pytest.raises(PoisonRecordError):
        decode_from(topic, data)


@given(st.sampled_from(RECORDS).flatmap(lambda kind: values(inspect.type_info(kind))), st.data())
@settings(max_examples=100, deadline=None)
def test_damaged_bytes_are_read_or_are_poison(record: Record, data: st.DataObject) -> None:
    written = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 3))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))

    try:
        read = decode(bytes(written), type(record))
    except PoisonRecordError:
        return

    assert type(read) is type(record)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)


@given(st.sampled_from(RECORDS).flatmap(lambda kind: values(inspect.type_info(kind))), st.data())
@settings(max_examples=100, deadline=None)
def test_what_was_built_wrongly_does_not_leave_or_is_read_as_it_was(
    record: Record, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(record.__struct_fields__))
    built = msgspec.structs.replace(record, **{name: data.draw(JSON)})

    try:
        written = encode(built)
    except UnencodableRecordError:
        return

    assert decode(written, type(built)) == built


@given(st.integers(0, UINT256_MAX))
@example(UINT256_MAX)
def test_every_uint256_comes_back(number: int) -> None:
    assert uint(str(number)) == number


@given(st.integers(-INT256_MAX - 1, INT256_MAX))
@example(-INT256_MAX - 1)
def test_every_int256_comes_back(number: int) -> None:
    assert int256(str(number)) == number


@given(st.text(max_size=90))
@example("٣")
@example("-0")
def test_only_the_one_way_of_writing_a_number_is_read(text: str) -> None:
    for read in (uint, int256):
        try:
            assert str(read(text)) == text
        except PoisonRecordError:
            continue
