import base64
import json
import math
import sys
import time
from typing import Any

import msgspec
import pytest

from schemas.alerts import Alert
from schemas.base import Record
from schemas.chain import Block, Event, Log, Pending, Transaction
from schemas.codec import (
    UnencodableRecordError,
    decode,
    decode_from,
    encode,
    encode_around,
    faithful,
)
from schemas.errors import PoisonRecordError
from schemas.examples import example
from schemas.operations import DeadLetter, KeyState, PartitionMark
from schemas.topics import (
    BLOCKS,
    DEAD_LETTERS,
    DETECTOR_STATE,
    MAX_DEAD_LETTER_BYTES,
    MAX_RECORD_BYTES,
    TOPICS,
    TRANSACTIONS,
)


def _event(**changes: Any) -> Event:
    told = example("chain-events-v1", "event")
    return msgspec.structs.replace(decode(json.dumps(told).encode(), Event), **changes)


def _state(**state: Any) -> KeyState:
    return KeyState(set="core", key="meadow", partition=0, offset=1, state=state)


def _alert(**changes: Any) -> Alert:
    told = example("alerts-v1", "alert")
    return msgspec.structs.replace(decode(json.dumps(told).encode(), Alert), **changes)


def test_defaults_are_left_out_and_come_back() -> None:
    mark = PartitionMark(set="core", partition=3, offset=9)

    assert encode(mark) == b'{"kind":"mark","set":"core","partition":3,"offset":9}'
    assert decode_from(DETECTOR_STATE, encode(mark)) == mark


def test_a_topic_s_kinds_are_told_apart() -> None:
    told = example("chain-blocks-v1", "block")

    assert isinstance(decode_from(BLOCKS, json.dumps(told).encode()), Block)
    with pytest.raises(PoisonRecordError, match="kind"):
        decode_from(BLOCKS, json.dumps(told | {"kind": "alert"}).encode())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_never_leaves(number: float) -> None:
    for record in (_alert(score=number), _state(mean=number), _state(deep=[{"x": [1.0, number]}])):
        with pytest.raises(UnencodableRecordError):
            encode(record)


@pytest.mark.parametrize("money", [1.5, 1e18, 10**18, None, True])
def test_money_is_text_or_it_does_not_leave(money: Any) -> None:
    pending = decode(json.dumps(example("chain-pending-v1", "pending")).encode(), Pending)

    with pytest.raises(UnencodableRecordError, match="Pending"):
        encode(msgspec.structs.replace(pending, value=money))


@pytest.mark.parametrize("value", [1, 2.5, None, ["1", 2], {"amount": 3.0}, [["1", {"a": [None]}]]])
def test_a_number_hidden_in_an_event_s_arguments_does_not_leave(value: Any) -> None:
    arguments = {"to": "0x00", "amounts": value}
    told = decode(json.dumps(example("chain-transactions-v1", "transaction")).encode(), Transaction)
    log = Log(log=1, contract="0x" + "0" * 40, arguments=arguments)

    with pytest.raises(UnencodableRecordError, match="decimal text"):
        encode(_event(arguments=arguments))
    with pytest.raises(UnencodableRecordError, match="decimal text"):
        encode(msgspec.structs.replace(told, logs=(log,)))


def test_an_event_without_any_arguments_mapping_does_not_leave() -> None:
    with pytest.raises(UnencodableRecordError, match="Event"):
        encode(_event(arguments=None))


def test_arguments_may_nest_text_and_truth() -> None:
    event = _event(arguments={"order": {"ids": ["1", "2"], "parts": [{"done": True}]}})

    assert decode(encode(event), Event) == event


@pytest.mark.parametrize("integer", [2**53, -(2**53), 2**63, 2**64, 2**256])
def test_an_integer_that_other_readers_round_does_not_leave(integer: int) -> None:
    for record in (_state(seed=integer), _event(block=integer)):
        with pytest.raises(UnencodableRecordError):
            encode(record)


def test_the_largest_safe_integer_leaves() -> None:
    event = _event(block=2**53 - 1)

    assert decode(encode(event), Event).block == 2**53 - 1


@pytest.mark.parametrize(
    "state", [{"pair": (1, 2)}, {"raw": b"x"}, {"when": {1: 2}}, {"odd": "\ud800"}, {"set": {1}}]
)
def test_what_would_come_back_as_something_else_does_not_leave(state: dict[str, Any]) -> None:
    with pytest.raises(UnencodableRecordError, match="KeyState"):
        encode(_state(**state))


def test_a_field_that_was_written_before_takes_its_place() -> None:
    text = faithful({"mean": [1.5, None]})
    data = encode_around(_state(), "state", text)

    assert decode(data, KeyState) == _state(mean=[1.5, None])
    with pytest.raises(UnencodableRecordError, match="the limit is 50"):
        encode_around(_state(), "state", text, max_bytes=50)
    with pytest.raises(UnencodableRecordError, match="KeyState"):
        encode_around(_state(odd=math.nan), "state", text)


@pytest.mark.parametrize("value", [math.nan, math.inf, (1, 2), b"x", {1: 2}, 2**53, {"a": {1}}])
def test_what_is_written_before_is_what_will_be_read(value: Any) -> None:
    with pytest.raises(UnencodableRecordError):
        faithful({"state": [value]})


def test_a_value_out_of_its_range_does_not_leave() -> None:
    for record in (_alert(p_value=1.5), _alert(severity="mild"), _alert(votes=()), _event(tx=None)):
        with pytest.raises(UnencodableRecordError):
            encode(record)


def test_a_state_nested_beyond_reason_does_not_leave() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]

    with pytest.raises(UnencodableRecordError):
        encode(_state(deep=deep))


def test_an_oversize_record_is_neither_written_nor_read() -> None:
    state = _state(text="x" * MAX_RECORD_BYTES)
    data = b'{"kind":"state"' + b" " * MAX_RECORD_BYTES + b"}"

    with pytest.raises(UnencodableRecordError, match="the limit is 8,388,608"):
        encode(state)
    with pytest.raises(PoisonRecordError, match="the limit is 8,388,608"):
        decode_from(DETECTOR_STATE, data)


def test_a_dead_letter_holds_the_largest_record() -> None:
    letter = DeadLetter(
        id="0" * 64,
        service="s",
        topic="t",
        partition=0,
        offset=0,
        reason="r" * 500,
        fault="envelope",
        value=b"\xff" * MAX_RECORD_BYTES,
    )

    data = encode(letter, max_bytes=MAX_DEAD_LETTER_BYTES)

    assert base64.b64encode(b"\xff\xff\xff") in data
    assert decode_from(DEAD_LETTERS, data) == letter


def test_unknown_fields_are_ignored() -> None:
    told = example("alerts-v1", "alert") | {"mood": {"new": [1, 2]}}

    assert isinstance(decode_from(TOPICS["alerts-v1"], json.dumps(told).encode()), Alert)


def test_a_refusal_names_the_field() -> None:
    told = example("alerts-v1", "alert")
    told["votes"][1]["p_value"] = "small"

    with pytest.raises(PoisonRecordError, match=r"\$\.votes\[1\]\.p_value"):
        decode_from(TOPICS["alerts-v1"], json.dumps(told).encode())


HOSTILE = {
    "nothing": b"",
    "bad UTF-8": b'{"kind":"block","id":"\xff\xfe"}',
    "half a surrogate": b'{"kind":"block","id":"\\ud800"}',
    "deep lists": b"[" * MAX_RECORD_BYTES,
    "deep objects": b'{"kind":"block","x":' + b'{"a":' * 1_000_000,
    "deep arguments": b'{"kind":"transaction","logs":[{"arguments":{"a":' + b"[" * 1_000_000,
    "a huge integer": b'{"kind":"block","number":' + b"9" * 8_000_000 + b"}",
    "a huge float": b'{"kind":"block","number":1e' + b"9" * 8_000_000 + b"}",
    "a long fraction": b'{"kind":"block","number":0.' + b"1" * 8_000_000 + b"}",
    "an overflow": b'{"kind":"price","timestamp":1e999}',
    "a huge kind": b'{"kind":"' + b"x" * 8_000_000 + b'"}',
    "a huge key": b'{"' + b"k" * 8_000_000 + b'":1}',
    "many keys": b'{"kind":"block",' + b'"a":1,' * 1_300_000 + b'"a":1}',
    "a late kind": b'{"x":[' + b"1," * 4_000_000 + b'1],"kind":"block"}',
    "not an object": b"7",
    "two records": b'{"kind":"block"}{"kind":"block"}',
    "NaN": b'{"kind":"price","timestamp":NaN}',
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bytes_are_poison_soon_and_nothing_worse(case: str) -> None:
    data = HOSTILE[case][:MAX_RECORD_BYTES]
    start = time.process_time()

    with pytest.raises(PoisonRecordError) as refused:
        decode_from(TRANSACTIONS, data)

    assert time.process_time() - start < 1.0
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("case", ["deep lists", "deep objects", "deep arguments"])
def test_nesting_is_bounded_whatever_a_library_did_to_the_recursion_limit(case: str) -> None:
    """At the limit that web3 sets, such a record would end the process."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        with pytest.raises(PoisonRecordError):
            decode_from(TRANSACTIONS, HOSTILE[case][:MAX_RECORD_BYTES])
    finally:
        sys.setrecursionlimit(usual)


def test_every_record_type_is_closed_to_change() -> None:
    kinds: set[type[Record]] = {record for spec in TOPICS.values() for record in spec.records}

    assert all(kind.__struct_config__.frozen for kind in kinds)
    assert len({kind.__struct_config__.tag for kind in kinds}) == len(kinds)
