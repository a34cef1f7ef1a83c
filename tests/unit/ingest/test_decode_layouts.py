"""What a decoder accepts and what it leaves raw."""

import pytest

from ingest.decode import Decoded, Decoder
from ingest.decode.signatures import parse

CONTRACT = "0x" + "c0" * 20
ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20
ZERO_ADDRESS = "0x" + "0" * 40


def word(value: int) -> str:
    return f"{value % 2**256:064x}"


def padded(address: str) -> str:
    return "0x" + address[2:].rjust(64, "0")


def decoder(text: str) -> Decoder:
    return Decoder({CONTRACT: parse(text)})


def event(text: str, *topics: str, data: str = "") -> Decoded | None:
    """Decode a log of the one event that the contract's interface has."""
    found = parse(text).events[0]
    return decoder(text).decode_log(CONTRACT, (found.hash, *topics), "0x" + data)


TRANSFER = parse("event Transfer(address a, address b, uint256 c);").events[0].hash


def test_an_erc20_transfer_is_told_from_an_erc721_transfer_by_its_topics() -> None:
    ends = (padded(ALICE), padded(BOB))
    fungible = Decoder().decode_log(CONTRACT, (TRANSFER, *ends), "0x" + word(7))
    unique = Decoder().decode_log(CONTRACT, (TRANSFER, *ends, "0x" + word(7)), "0x")
    assert fungible == Decoded("Transfer", {"from": ALICE, "to": BOB, "value": "7"})
    assert unique == Decoded("Transfer", {"from": ALICE, "to": BOB, "tokenId": "7"})


@pytest.mark.parametrize("data", ["0x", "0x" + word(7) + "00", "0x" + word(7) * 2, "0x07"])
def test_data_of_another_length_is_left_raw(data: str) -> None:
    assert Decoder().decode_log(CONTRACT, (TRANSFER, padded(ALICE), padded(BOB)), data) is None


def test_a_topic_with_dirty_upper_bits_is_left_raw() -> None:
    dirty = "0x01" + padded(ALICE)[4:]
    assert Decoder().decode_log(CONTRACT, (TRANSFER, dirty, padded(BOB)), "0x" + word(7)) is None


def test_a_log_without_topics_or_with_unknown_ones_is_left_raw() -> None:
    assert Decoder().decode_log(CONTRACT, (), "0x") is None
    assert Decoder().decode_log(CONTRACT, ("0x" + "12" * 32,), "0x" + word(1)) is None


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        ("uint256", word(2**256 - 1), str(2**256 - 1)),
        ("uint8", word(255), "255"),
        ("int256", word(-1), "-1"),
        ("int256", word(-(2**255)), str(-(2**255))),
        ("int24", word(-8388608), "-8388608"),
        ("int24", word(8388607), "8388607"),
        ("address", word(0), ZERO_ADDRESS),
        ("bool", word(0), False),
        ("bool", word(1), True),
        ("bytes32", "ab" * 32, "0x" + "ab" * 32),
        ("bytes4", "deadbeef" + "00" * 28, "0xdeadbeef"),
        ("uint8[2]", word(1) + word(2), ["1", "2"]),
        ("(bool sign, uint8[2] pair)", word(1) * 3, {"sign": True, "pair": ["1", "1"]}),
        ("uint8[65]", word(3) * 65, ["3"] * 65),
    ],
)
def test_values_of_a_fixed_place_are_read(kind: str, data: str, value: object) -> None:
    assert event(f"event X({kind} a);", data=data) == Decoded("X", {"a": value})


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("uint8", word(256)),
        ("int24", word(8388608)),
        ("int24", word(-8388609)),
        ("address", word(2**160)),
        ("bool", word(2)),
        ("bytes4", "deadbeef" + "00" * 27 + "01"),
        ("uint8[65]", word(3) * 64 + word(256)),
        ("uint8[65]", word(3) * 66),
        ("uint256", "zz" * 32),
    ],
)
def test_values_that_no_contract_writes_are_left_raw(kind: str, data: str) -> None:
    assert event(f"event X({kind} a);", data=data) is None


def test_an_indexed_value_that_does_not_fit_a_topic_is_its_hash() -> None:
    topic = "0x" + "ab" * 32
    for kind in ("string", "bytes", "uint256[2]", "(uint8 x)", "uint8[]"):
        assert event(f"event X({kind} indexed a);", topic) == Decoded("X", {"a": topic})


def test_arguments_keep_their_order_whether_indexed_or_not_and_of_any_length() -> None:
    text = "event X(uint8 a, address indexed b, string c, uint8 indexed d);"
    data = word(1) + word(64) + word(2) + "6869".ljust(64, "0")
    found = event(text, padded(ALICE), "0x" + word(4), data=data)
    assert found is not None
    assert list(found.arguments.items()) == [("a", "1"), ("b", ALICE), ("c", "hi"), ("d", "4")]


def test_bytes_and_lists_are_read() -> None:
    text = "event X(bytes a, address[] b, (string s, int8 n)[] c);"
    data = (
        word(96) + word(160) + word(224)
        + word(1) + "ff".ljust(64, "0")
        + word(1) + padded(BOB)[2:]
        + word(1) + word(32) + word(64) + word(-5) + word(1) + "41".ljust(64, "0")
    )  # fmt: skip
    assert event(text, data=data) == Decoded(
        "X", {"a": "0xff", "b": [BOB], "c": [{"s": "A", "n": "-5"}]}
    )


def test_an_anonymous_event_is_known_by_its_shape() -> None:
    topics = ("0x8201aa3f" + "00" * 28, padded(ALICE))
    data = "0x" + word(32) + word(4) + "8201aa3f".ljust(64, "0")
    found = Decoder().decode_log(CONTRACT, topics, data)
    assert found == Decoded(
        "LOG_CALL", {"sig": "0x8201aa3f", "caller": ALICE, "data": "0x8201aa3f"}, anonymous=True
    )  # fmt: skip


def test_a_contract_s_own_interface_holds_for_it_alone_and_goes_first() -> None:
    own = decoder("event Transfer(address indexed a, address indexed b, uint256 c);")
    log = ((TRANSFER, padded(ALICE), padded(BOB)), "0x" + word(7))
    here, elsewhere = own.decode_log(CONTRACT, *log), own.decode_log(ALICE, *log)
    assert here is not None
    assert elsewhere is not None
    assert list(here.arguments) == ["a", "b", "c"]
    assert list(elsewhere.arguments) == ["from", "to", "value"]


def test_what_a_contract_s_own_interface_does_not_fit_is_read_as_usual() -> None:
    own = decoder("event Transfer(address indexed a, address indexed b, uint256 indexed c);")
    found = own.decode_log(CONTRACT, (TRANSFER, padded(ALICE), padded(BOB)), "0x" + word(7))
    assert found == Decoded("Transfer", {"from": ALICE, "to": BOB, "value": "7"})


def test_a_call_is_read_and_bytes_after_its_arguments_are_ignored() -> None:
    text = "0xa9059cbb" + padded(BOB)[2:] + word(9)
    expected = Decoded("transfer", {"to": BOB, "value": "9"})
    assert Decoder().decode_call(CONTRACT, text) == expected
    assert Decoder().decode_call(CONTRACT, text + "c0ffee") == expected


@pytest.mark.parametrize("text", ["", "0x", "0xa9059c", "0xa9059cbb", "0xa9059cbb" + word(1)])
def test_a_call_with_too_little_input_is_left_raw(text: str) -> None:
    assert Decoder().decode_call(CONTRACT, text) is None


def test_a_function_of_the_contract_s_own_interface_has_a_name_there_alone() -> None:
    own = decoder("function drain(address to);")
    selector = parse("function drain(address to);").functions[0].selector
    assert own.function_name(CONTRACT, selector) == "drain"
    assert own.function_name(ALICE, selector) is None
