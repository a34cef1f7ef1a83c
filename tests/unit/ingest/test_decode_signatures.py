"""How signatures are read, named and limited."""

import pytest

from ingest.decode.signatures import Signature, parse
from ingest.decode.types import SignatureError


def event(text: str) -> Signature:
    (found,) = parse(text).events
    return found


def names(signature: Signature) -> list[str]:
    return [parameter.name for parameter in signature.parameters]


def test_a_signature_is_hashed_without_names_and_index_marks() -> None:
    transfer = event("event Transfer(address indexed from, address indexed to, uint256 value);")
    assert transfer.hash == "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    assert transfer.indexed == 2
    assert names(transfer) == ["from", "to", "value"]


def test_structs_and_arrays_are_spelt_out_in_the_hash() -> None:
    (operate,) = parse("""
        // flash loans begin here
        function operate((address owner, uint256 number)[] accounts, (uint8 actionType,
            uint256 accountId, (bool sign, uint8 denomination, uint8 ref, uint256 value) amount,
            uint256 primaryMarketId, uint256 secondaryMarketId, address otherAddress,
            uint256 otherAccountId, bytes data)[] actions);
    """).functions
    assert operate.selector == "0xa67a6a45"


def test_parameters_without_a_name_or_with_a_taken_one_are_named_by_their_position() -> None:
    assert names(event("event X(uint256, uint256 a, uint256 a, bool);")) == ["0", "a", "2", "3"]


def test_an_anonymous_event_is_marked() -> None:
    assert event("event LOG_CALL(bytes4 indexed sig, bytes data) anonymous;").anonymous


@pytest.mark.parametrize(
    "text",
    [
        "event X(uint7 a);",
        "event X(uint264 a);",
        "event X(bytes33 a);",
        "event X(bytes0 a);",
        "event X(uint a);",
        "event X(function a);",
        "event X(uint256[0] a);",
        "event X(uint256[-1] a);",
        "event X(uint256[] [] a b);",
        "event X(() a);",
        "event 1X(uint256 a);",
        "struct X(uint256 a);",
        "event X;",
    ],
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(SignatureError):
        parse(text)


@pytest.mark.parametrize(
    "kind",
    [
        "uint256[][][]",
        "(uint256[][] a)[] b, (uint256[] c)",
        "(((((uint256 a) b) c) d) e)",
        "uint256[1025]",
        "uint256[33][32]",
        "uint256[9999][9999]",
        ", ".join(["uint8"] * 257),
        "(" + ", ".join(["uint8"] * 129) + ") a, (" + ", ".join(["uint8"] * 128) + ")",
    ],
)
def test_what_lies_beyond_the_limits_is_refused(kind: str) -> None:
    with pytest.raises(SignatureError):
        parse(f"event X({kind} last);")


@pytest.mark.parametrize(
    "kind", ["uint256[][]", "((((uint256 a) b) c) d)", "uint256[1024]", "uint256[32][32]"]
)
def test_what_lies_within_the_limits_is_taken(kind: str) -> None:
    assert event(f"event X({kind} last);").parameters
