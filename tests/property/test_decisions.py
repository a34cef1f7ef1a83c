"""Whatever is answered, by whomever, in whatever order: who decides a proposal."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.decisions import Answer, Decision, Verdict, answered, proposed
from tests.people import NOW, PATIENCE, answer, by_provider, proposal
from tests.unit.schemas.test_decisions import CASE

ASKED = proposal(CASE, by_provider("ana"))
PEOPLE = st.sampled_from(["ana", "ben", "cat"])
VERDICTS: st.SearchStrategy[Verdict] = st.sampled_from(["approve", "veto"])


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    name, borrowed = draw(PEOPLE), draw(PEOPLE)
    time = draw(st.integers(NOW, NOW + 2 * PATIENCE))
    voice = replace(by_provider(name, time), account=by_provider(borrowed).account)
    said = answer(ASKED, voice, draw(VERDICTS))
    return replace(said, proposal=draw(st.sampled_from([ASKED.id, "e" * 64])))


def counts(one: Answer) -> bool:
    """The rule, as an outsider would write it down."""
    second = one.by.person != ASKED.by.person and one.by.account != ASKED.by.account
    return one.proposal == ASKED.id and second and one.by.time <= ASKED.expires


@given(st.lists(answers(), max_size=12))
def test_the_first_that_counts_decides_and_no_other_changes_anything(said: list[Answer]) -> None:
    decision: Decision = proposed(ASKED)
    for one in said:
        decision = answered(decision, one)
    first = next(filter(counts, said), None)
    if first is None:
        assert decision == proposed(ASKED)
    else:
        assert decision.state == ("approved" if first.verdict == "approve" else "vetoed")
        assert decision.answerer == first.by


@given(st.lists(answers(), max_size=12))
def test_what_comes_again_changes_nothing(said: list[Answer]) -> None:
    once = twice = proposed(ASKED)
    for one in said:
        once = answered(once, one)
        twice = answered(answered(twice, one), one)
    assert once == twice
