"""Strategies for what detectors say."""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.alerts import Vote
from tests.unit.responders.examples import vote


def votes(kinds: Sequence[tuple[str, ...]]) -> SearchStrategy[tuple[Vote, ...]]:
    """Draw what one to three detectors say, made from any of these kinds of feature."""
    one = st.builds(
        lambda n, made_from, tail: vote(f"detector-{n}", made_from=made_from, tail=tail),
        st.integers(0, 2),
        st.sampled_from(kinds),
        st.sampled_from(["empirical", "rule"]),
    )
    return st.lists(one, min_size=1, max_size=3).map(tuple)
