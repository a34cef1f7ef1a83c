"""The closed forms agree with integration; a cap only lowers, a level only raises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import genpareto

from runtime.tails import Tail

unhurried = settings(deadline=None, derandomize=True, max_examples=60)
levels = st.floats(0.905, 0.999)
tails = st.builds(
    Tail,
    threshold=st.floats(0.1, 100),
    share=st.just(0.1),
    shape=st.sampled_from([-0.3, 0.0, 0.4, 0.75, 1.0, 1.4]),
    scale=st.floats(0.1, 50),
    exceeding=st.just(50),
)


@unhurried
@given(tails, levels, st.floats(1.05, 50))
def test_expected_shortfall_is_the_mean_of_the_capped_loss(
    tail: Tail, level: float, times: float
) -> None:
    at_risk = tail.value_at_risk(level)
    most = at_risk * times
    law = genpareto(tail.shape, loc=tail.threshold, scale=tail.scale)
    # Where a tail has an end, integrating far past it would miss what little lies before.
    beyond, _ = quad(
        lambda x: law.sf(x) / law.sf(at_risk), at_risk, min(most, law.support()[1]), limit=200
    )
    assert tail.expected_shortfall(level, most) == pytest.approx(at_risk + beyond, rel=1e-5)


@unhurried
@given(tails, levels, levels, st.floats(1, 1e6), st.floats(1, 1e6))
def test_it_is_capped_and_monotone(
    tail: Tail, one: float, other: float, cap: float, more: float
) -> None:
    low, high = sorted((one, other))
    assert tail.value_at_risk(low, cap) <= tail.value_at_risk(high, cap) <= cap
    shortfall = tail.expected_shortfall(low, cap)
    assert tail.value_at_risk(low, cap) <= shortfall * (1 + 1e-9)
    assert shortfall <= cap
    assert shortfall <= tail.expected_shortfall(low, cap + more) * (1 + 1e-9)
