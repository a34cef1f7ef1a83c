"""More evidence never argues against a halt, and neither does more at stake."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.halt import (
    MAX_BAYES_FACTOR,
    MAX_PRIOR_ODDS,
    avoidable_loss,
    bayes_factor,
    judge,
    posterior,
    raised,
)
from schemas.manifest import Halt

unhurried = settings(deadline=None, derandomize=True)
probabilities = st.floats(0, 1)
shares = st.floats(0, 1, exclude_min=True, exclude_max=True)
money = st.decimals(0, 10**12, places=2)


@st.composite
def halts(draw: st.DrawFn) -> Halt:
    return Halt(
        prior=draw(shares),
        false_halt_cost=draw(money),
        halt_cost=draw(money),
        value_exposed=draw(money),
        loss_per_second=draw(money),
        response_seconds=draw(st.floats(0.1, 10**6)),
    )


@unhurried
@given(probabilities, probabilities, halts())
def test_the_verdict_is_monotone_in_the_probability(one: float, other: float, costs: Halt) -> None:
    low, high = sorted((one, other))
    assert judge(low, costs).halt <= judge(high, costs).halt


@unhurried
@given(probabilities, halts(), money, st.floats(0, 10**6))
def test_the_verdict_is_monotone_in_the_avoidable_loss(
    p: float, costs: Halt, more: Decimal, longer: float
) -> None:
    worse = costs.model_copy(
        update={
            "value_exposed": costs.value_exposed + more,
            "response_seconds": costs.response_seconds + longer,
        }
    )
    assert avoidable_loss(costs) <= avoidable_loss(worse)
    assert judge(p, costs).halt <= judge(p, worse).halt


@unhurried
@given(probabilities, halts(), money)
def test_a_costlier_halt_is_never_chosen_more_readily(p: float, costs: Halt, more: Decimal) -> None:
    dearer = costs.model_copy(update={"halt_cost": costs.halt_cost + more})
    wronger = costs.model_copy(update={"false_halt_cost": costs.false_halt_cost + more})
    assert judge(p, dearer).halt <= judge(p, costs).halt
    assert judge(p, wronger).halt <= judge(p, costs).halt


@unhurried
@given(probabilities, halts())
def test_nothing_is_halted_that_could_not_save_more_than_it_costs(p: float, costs: Halt) -> None:
    if avoidable_loss(costs) <= float(costs.halt_cost):
        assert not judge(p, costs).halt


@unhurried
@given(shares, probabilities, probabilities)
def test_the_posterior_is_a_probability_and_falls_with_the_p_value(
    prior: float, one: float, other: float
) -> None:
    strong, weak = sorted((one, other))
    assert 0 <= posterior(prior, weak) <= posterior(prior, strong) <= 1
    assert 1 <= bayes_factor(weak) <= bayes_factor(strong) <= MAX_BAYES_FACTOR


@unhurried
@given(shares, probabilities)
def test_an_alert_never_lowers_the_belief_in_an_attack(prior: float, p_value: float) -> None:
    assert posterior(prior, p_value) >= prior * (1 - 1e-12)


@unhurried
@given(st.floats(1e-9, 0.999), st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_a_prior_is_raised_within_bounds_and_never_lowered(
    prior: float, odds: float, more: float
) -> None:
    once = raised(prior, odds)
    assert prior <= once * (1 + 1e-12)
    assert once < 1.0
    assert once <= raised(prior, odds + more) * (1 + 1e-12)
    assert once / (1 - once) <= MAX_PRIOR_ODDS * prior / (1 - prior) * (1 + 1e-6)
