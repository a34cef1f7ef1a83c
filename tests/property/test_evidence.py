"""A quorum counts as many witnesses as can be chosen, and no detector twice."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.evidence import families
from responders.quorum import false_alarm, miss
from tests.unit.responders.examples import alert, vote

unhurried = settings(deadline=None, derandomize=True)
reads = st.lists(st.sampled_from("abcdef"), max_size=4, unique=True).map(tuple)
shares = st.floats(0, 1)


def by_trying(kinds: list[tuple[str, ...]]) -> int:
    """The largest choice of which no two share anything, by trying them all."""
    telling = [set(one) for one in kinds if one]
    for size in range(len(telling), 0, -1):
        for chosen in combinations(telling, size):
            if sum(map(len, chosen)) == len(set().union(*chosen)):
                return size
    return min(1, len(kinds))


@unhurried
@given(st.lists(reads, min_size=1, max_size=7))
def test_no_choice_of_witnesses_is_larger(kinds: list[tuple[str, ...]]) -> None:
    votes = tuple(vote(f"d{n}", made_from=one) for n, one in enumerate(kinds))
    assert families(alert(votes=votes)) == by_trying(kinds)


@unhurried
@given(st.integers(1, 5), st.integers(0, 5), shares, shares)
def test_a_larger_quorum_is_wrong_less_often_and_misses_more(
    needed: int, spare: int, each: float, beta: float
) -> None:
    among = needed + spare
    assert -1e-12 <= false_alarm(needed, among, each, beta) <= 1 + 1e-12
    if needed < among:
        more = needed + 1
        assert (
            false_alarm(more, among, each, beta) <= false_alarm(needed, among, each, beta) + 1e-12
        )
        assert miss(more, among, each, beta) >= miss(needed, among, each, beta) - 1e-12
