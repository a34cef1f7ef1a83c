"""Payloads made to stall a decoder. Each is refused, or decoded, within the budget of 100 ms."""

import time
from typing import Any

import pytest
from eth_abi.abi import encode

from ingest.decode import Decoder
from ingest.decode.bounds import MAX_PAYLOAD
from ingest.decode.signatures import parse
from ingest.decode.types import SignatureError

CONTRACT = "0x" + "c0" * 20
BUDGET = 0.1
"""Seconds of this thread's own time, so that a busy machine does not fail the test."""
WORDS = MAX_PAYLOAD // 32


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def decode(kind: str, payload: bytes) -> object:
    """Return what a log of this payload decodes to, and assert that it took no longer than it may;
    the decoder is made before, as it is only once."""
    interface = parse(f"event X({kind} a);")
    topics = (interface.events[0].hash,)
    decoder = Decoder({CONTRACT: interface})
    decoder.decode_log(CONTRACT, topics, "0x")
    data = "0x" + payload.hex()
    found = None
    times = []
    for _ in range(3):
        start = time.thread_time()
        found = decoder.decode_log(CONTRACT, topics, data)
        times.append(time.thread_time() - start)
    assert min(times) < BUDGET
    return None if found is None else found.arguments["a"]


def fan(levels: int, width: int) -> bytes:
    """Encode nested arrays of which all items of a level are the same bytes of the next."""
    payload = word(width) + word(1) * width
    for _ in range(levels - 1):
        payload = word(width) + word(32 * width) * width + payload
    return word(32) + payload


def test_an_array_nested_too_deep_to_decode_safely_is_refused_with_its_signature() -> None:
    assert len(fan(6, 10)) == 2144
    with pytest.raises(SignatureError):
        parse("event X(uint256[][][][][][] a);")


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("uint256[][]", fan(2, 10)),
        ("uint256[][]", fan(2, WORDS // 3)),
        ("bytes[]", word(32) + word(800) + word(25600) * 800 + word(3000) + b"a" * 3008),
        ("bytes[][]", word(32) + word(60) + word(0) * 60),
        ("(uint256 n, string[] s)[]", word(32) + word(500) + word(0) * 500),
        ("bytes[1000]", word(32) + word(32 * 1000) * 1000 + word(200) + b"a" * 224),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_bytes_that_are_referred_to_twice_are_refused(kind: str, payload: bytes) -> None:
    assert decode(kind, payload) is None


@pytest.mark.parametrize("kind", ["uint256[]", "bytes", "string", "bytes[]", "uint256[][]"])
@pytest.mark.parametrize("number", [2**256 - 1, 2**255, 2**64, 2**32, 2**31 - 1, MAX_PAYLOAD])
def test_lengths_and_offsets_beyond_the_payload_are_refused(kind: str, number: int) -> None:
    assert decode(kind, word(32) + word(number) + bytes(320)) is None
    assert decode(kind, word(number) + word(1) + bytes(320)) is None


@pytest.mark.parametrize("length", [1_000_000, MAX_PAYLOAD - 31])
def test_more_than_the_largest_payload_is_refused(length: int) -> None:
    assert decode("bytes", encode(["bytes"], [b"\1" * length])) is None


def test_text_that_is_not_utf8_is_left_raw() -> None:
    assert decode("string", word(32) + word(3) + b"\xff\xfe\xfd".ljust(32, b"\0")) is None
    assert decode("string", word(32) + word(3) + b"\xed\xa0\x80".ljust(32, b"\0")) is None


def test_padding_that_is_not_zero_is_left_raw() -> None:
    assert decode("bytes", word(32) + word(3) + b"\1" * 32) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint256[]", [2**256 - 1] * (WORDS - 2)),
        ("address[]", ["0x" + "ab" * 20] * (WORDS - 2)),
        ("uint8[1][]", [[1]] * (WORDS - 2)),
        ("(((uint8)))[]", [(((1,),),)] * (WORDS - 2)),
        ("((uint8)[1])[]", [([(1,)],)] * (WORDS - 2)),
        ("(uint8,(uint8,(uint8)))[]", [(1, (2, (3,)))] * (WORDS // 3 - 1)),
        ("string[]", [""] * (WORDS // 2 - 1)),
        ("uint256[][]", [[]] * (WORDS // 2 - 1)),
        ("(((string)))[]", [((("x",),),)] * (WORDS // 6)),
        ("bytes", b"\1" * (MAX_PAYLOAD - 64)),
        ("string", "\1" * (MAX_PAYLOAD - 64)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_costliest_honest_payloads_decode_in_time(kind: str, value: Any) -> None:
    assert decode(kind, encode([kind], [value])) is not None
