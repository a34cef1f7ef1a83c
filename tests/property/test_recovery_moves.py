"""What signers are shown is what the bytes say, all of it."""

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from responders.recovery.moves import Move, move
from responders.recovery.proposals import GovernorProposal
from runtime.calldata import arguments_of
from schemas.errors import ConfigurationError

TO = "0x" + "11" * 20
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
VALUES: dict[str, st.SearchStrategy[object]] = {
    "uint256": st.integers(0, 2**256 - 1),
    "int128": st.integers(-(2**127), 2**127 - 1),
    "address": ADDRESSES,
    "bool": st.booleans(),
    "bytes": st.binary(max_size=80).map(lambda raw: "0x" + raw.hex()),
    "bytes32": st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex()),
    "string": st.text(st.sampled_from("aé\u202e,)( "), max_size=40),
    "address[]": st.lists(ADDRESSES, max_size=4),
    "uint256[][]": st.lists(st.lists(st.integers(0, 2**256 - 1), max_size=3), max_size=3),
}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, list[object]]:
    types = draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=5))
    return f"f({','.join(types)})", [draw(VALUES[kind]) for kind in types]


@given(calls())
def test_what_is_shown_is_what_was_given(call: tuple[str, list[object]]) -> None:
    function, given_ = call
    made = move(TO, function, *given_)
    found = arguments_of(function, made.calldata)
    assert move(TO, function, *found) == made
    assert made.words.startswith(f"{TO}: f(")


@given(calls(), st.binary(min_size=1, max_size=40))
def test_bytes_that_no_argument_stands_for_are_refused(
    call: tuple[str, list[object]], hidden: bytes
) -> None:
    function, given_ = call
    made = move(TO, function, *given_)
    with pytest.raises(ConfigurationError, match="do not sign"):
        _ = Move(TO, function, made.calldata + hidden.hex()).words
    with pytest.raises(ConfigurationError, match="another function"):
        _ = Move(TO, "g" + function, made.calldata).words


@given(st.binary(max_size=400), st.sampled_from(["f(bytes[],string)", "f(uint256[][])"]))
def test_any_bytes_are_shown_in_full_or_refused(data: bytes, function: str) -> None:
    calldata = move(TO, function, *([[], ""] if "string" in function else [[]])).calldata[:10]
    try:
        found = arguments_of(function, calldata + data.hex())
    except ConfigurationError:
        return
    assert move(TO, function, *found).calldata == calldata + data.hex()


@pytest.mark.parametrize(
    ("function", "given_", "said"),
    [
        ("f((uint256))", [1], "write a function"),
        ("f(uint256[][][])", [[]], "no type that can be shown"),
        ("f(uint256)", [], "1 arguments, not 0"),
        ("f(uint8)", [256], "f\\(uint8\\)"),
        ("f(address)", ["0x12"], "f\\(address\\)"),
        ("f(bytes)", ["0xzz"], "f\\(bytes\\)"),
        ("f(uint256[])", [1], "takes a list"),
    ],
)
def test_what_does_not_fit_is_said(function: str, given_: list[object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        move(TO, function, *given_)


def test_letters_that_would_trick_a_reader_are_not_shown() -> None:
    assert "\u202e" not in move(TO, "f(string)", "\u202e\x1b[2K").words


def test_the_same_calls_in_other_words_are_another_proposal() -> None:
    moves = (move(TO, "unpause()"),)
    one, other = (GovernorProposal(TO, words, moves) for words in ("first", "second"))
    assert one.digest != other.digest
    assert one.ending("queue").words.endswith(f"0x{keccak(text='first').hex()})")
    assert one.propose.words.startswith(f"{TO}: propose([{TO}], [0], [0x3f4ba83a], first")
