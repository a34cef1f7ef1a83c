"""What a loupe says is a stranger's word: answers come to an end, and what is left out is said."""

from collections.abc import Mapping, Sequence

import pytest
from eth_abi.abi import encode

from assurance.chain import Outcome, Trial
from assurance.facets import LOUPE, MOST_FACETS, MOST_FUNCTIONS, Cut, cut
from assurance.proxies import resolved
from assurance.selectors import calldata
from tests.unit.assurance.assembler import assembled
from tests.unit.assurance.fakes import LOOKS_UP, FakeChain, proxy_code

DIAMOND, ONE, OTHER = ("0x" + byte * 20 for byte in ("aa", "01", "02"))
ADDRESSES = calldata("facetAddresses()")


def asked_for(facet: str) -> bytes:
    return calldata("facetFunctionSelectors(address)", facet)


def answering(answers: Mapping[bytes, bytes]) -> FakeChain:
    def answer(trial: Trial) -> Outcome:
        found = answers.get(trial.data)
        return Outcome(found is not None, found or b"")

    return FakeChain(answer)


def facets(*rows: tuple[str, list[int]]) -> bytes:
    given = [(facet, [one.to_bytes(4, "big") for one in some]) for facet, some in rows]
    return encode(["(address,bytes4[])[]"], [given])


def words(*given: int) -> bytes:
    return b"".join(one.to_bytes(32, "big") for one in given)


def test_it_says_which_functions_lead_to_which_facet() -> None:
    answer = facets((ONE, [1, 2]), (OTHER, [0xFFFFFFFF]), (DIAMOND, [7]))
    assert cut(answering({LOUPE: answer}), DIAMOND) == Cut(
        {ONE: frozenset({1, 2}), OTHER: frozenset({0xFFFFFFFF})}
    )


def test_without_the_one_answer_it_is_asked_facet_by_facet() -> None:
    told = {
        ADDRESSES: encode(["address[]"], [[ONE, OTHER]]),
        asked_for(ONE): encode(["bytes4[]"], [[b"\0\0\0\1"]]),
        asked_for(OTHER): encode(["bytes4[]"], [[b"\0\0\0\2"]]),
    }
    assert cut(answering(told), DIAMOND).facets == {ONE: frozenset({1}), OTHER: frozenset({2})}
    chain = answering(told)
    asked: list[int] = []
    run = chain.run

    def noting(trials: Sequence[Trial]) -> list[Outcome]:
        asked.append(sum(one.gas for one in trials))
        return run(trials)

    chain.run = noting  # type: ignore[method-assign]
    many = [f"0x{number:040x}" for number in range(1, MOST_FACETS + 1)]
    told |= {ADDRESSES: encode(["address[]"], [many])}
    told |= {asked_for(one): encode(["bytes4[]"], [[b"\0\0\0\1"]]) for one in many}
    assert len(cut(chain, DIAMOND).facets) == MOST_FACETS
    assert max(asked) <= 10_000_000, "nodes give a request no more than so much gas"
    told |= {ADDRESSES: encode(["address[]"], [[ONE, OTHER]])}
    del told[asked_for(OTHER)]
    assert cut(answering(told), DIAMOND).trouble


FAR = 2**256 - 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\1" * 31,
        words(32),
        words(FAR, FAR),
        words(32, FAR),
        words(32, 1, 32),
        words(32, 1, FAR, int(ONE, 16), 64, 0),
        words(32, 1, 32, 0, 64, 0),
        words(32, 1, 32, 2**160, 64, 0),
        words(32, 1, 32, int(ONE, 16), FAR, 0),
        words(32, 1, 32, int(ONE, 16), 64, FAR),
        words(32, 1, 32, int(ONE, 16), 64, 2, 1),
        facets((ONE, [1, 2]))[:-32],
    ],
)
def test_an_answer_that_is_none_names_no_facets(answer: bytes) -> None:
    found = cut(answering({LOUPE: answer}), DIAMOND)
    assert found.facets == {}
    assert "no loupe" in found.trouble


def test_facets_and_functions_beyond_the_bounds_are_said_to_be_left_out() -> None:
    rows = [(f"0x{number:040x}", [number]) for number in range(1, MOST_FACETS + 2)]
    many = cut(answering({LOUPE: facets(*rows)}), DIAMOND)
    assert len(many.facets) == MOST_FACETS
    assert "the others were not looked at" in many.trouble
    for count, left_out in ((MOST_FUNCTIONS, False), (MOST_FUNCTIONS + 1, True)):
        found = cut(answering({LOUPE: facets((ONE, list(range(count))))}), DIAMOND)
        assert bool(found.trouble) == left_out
        assert len(found.facets[ONE]) == MOST_FUNCTIONS


def test_rows_that_all_lie_in_one_place_are_read_once_each_and_no_more() -> None:
    """Answers within a node's bounds that stand for many more: each row is the same long one."""
    row = 32 * MOST_FACETS
    functions = list(range(1_000))
    answer = words(
        32, MOST_FACETS, *[row] * MOST_FACETS, int(ONE, 16), 64, len(functions), *functions
    )
    found = cut(answering({LOUPE: answer}), DIAMOND)
    assert sum(map(len, found.facets.values())) <= MOST_FUNCTIONS
    assert found.trouble


def test_a_loupe_is_asked_only_where_code_looks_an_address_up() -> None:
    chain = answering({LOUPE: facets((ONE, [1]))})
    chain.codes[DIAMOND] = LOOKS_UP
    found = resolved(chain, DIAMOND)
    assert (found.kind, dict(found.facets)) == ("other", {ONE: frozenset({1})})
    assert [found.runs(DIAMOND, one) for one in (1, 2)] == [ONE, DIAMOND]
    chain.codes[DIAMOND] = proxy_code()
    assert resolved(chain, DIAMOND).facets == {}
    chain.codes[DIAMOND] = assembled("STOP")
    assert resolved(chain, DIAMOND).facets == {}


def test_code_that_looks_an_address_up_and_has_no_loupe_is_told() -> None:
    chain = FakeChain()
    chain.codes[DIAMOND] = LOOKS_UP
    found = resolved(chain, DIAMOND)
    assert (found.kind, found.facets) == ("none", {})
    assert "no loupe (EIP-2535)" in found.trouble
