"""Whatever a diamond answers: its facets are read to an end, in bounds, as they were written."""

from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.facets import LOUPE, MOST_FACETS, MOST_FUNCTIONS, cut
from tests.unit.assurance.test_facets import DIAMOND, answering

words = st.sampled_from([0, 1, 2, 31, 32, 64, 96, 2**31, 2**160, 2**256 - 1]).map(
    lambda one: one.to_bytes(32, "big")
)
answers = st.binary(max_size=300) | st.lists(words, max_size=40).map(b"".join)
facets = st.dictionaries(
    st.integers(1, 2**160 - 1).map(lambda one: f"0x{one:040x}"),
    st.sets(st.integers(0, 2**32 - 1), max_size=20),
    max_size=20,
)


@settings(max_examples=400, deadline=None)
@given(answers)
def test_any_answer_is_read_to_an_end(answer: bytes) -> None:
    found = cut(answering({LOUPE: answer}), DIAMOND)
    assert len(found.facets) <= MOST_FACETS
    assert sum(map(len, found.facets.values())) <= MOST_FUNCTIONS


@settings(max_examples=100, deadline=None)
@given(facets)
def test_what_was_written_is_read(given_facets: dict[str, set[int]]) -> None:
    rows = [(to, [one.to_bytes(4, "big") for one in some]) for to, some in given_facets.items()]
    answer = encode(["(address,bytes4[])[]"], [rows])
    found = cut(answering({LOUPE: answer}), DIAMOND)
    assert found.facets == {to: frozenset(some) for to, some in given_facets.items()}
