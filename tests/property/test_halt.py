"""More evidence never argues against a halt, and neither does more at stake."""

from dataclasses import replace

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
from responders.inputs import Inputs
from tests.unit.responders.examples import inputs

unhurried = settings(deadline=None, derandomize=True)
probabilities = st.floats(0, 1)
shares = st.floats(0, 1, exclude_min=True, exclude_max=True)
money = st.floats(0, 1e12)


@st.composite
def cases(draw: st.DrawFn) -> Inputs:
    bucket = draw(st.booleans())
    return inputs(
        stated_prior=draw(shares),
        posture_odds=draw(st.floats(1, 1e3)),
        p_value=draw(probabilities),
        false_halt_cost=draw(money),
        halt_cost=draw(money),
        value_exposed=draw(money),
        loss_per_second=draw(money),
        response=draw(st.floats(0.1, 10**6)),
        braking=draw(st.floats(0, 10**4)),
        bucket_capacity=draw(money) if bucket else None,
        bucket_refill=draw(money) if bucket else None,
    )


def more(given: Inputs, **by: float) -> Inputs:
    return replace(given, **{name: getattr(given, name) + value for name, value in by.items()})


@unhurried
@given(probabilities, probabilities, cases())
def test_the_verdict_is_monotone_in_the_evidence(one: float, other: float, case: Inputs) -> None:
    strong, weak = sorted((one, other))
    weakly, strongly = replace(case, p_value=weak), replace(case, p_value=strong)
    assert judge(weakly).halt <= judge(strongly).halt


@unhurried
@given(cases(), money, st.floats(0, 10**6))
def test_more_time_for_the_drain_never_argues_against_a_halt(
    case: Inputs, amount: float, longer: float
) -> None:
    later = more(case, response=longer)
    assert avoidable_loss(case) <= avoidable_loss(later)
    assert judge(case).halt <= judge(later).halt
    at_once = replace(case, braking=0.0)
    richer = more(at_once, value_exposed=amount)
    assert avoidable_loss(case) <= avoidable_loss(at_once) <= avoidable_loss(richer)


@unhurried
@given(cases())
def test_what_can_be_saved_is_no_more_than_there_is_or_than_the_bucket_lets_by(
    case: Inputs,
) -> None:
    saved = avoidable_loss(case)
    assert 0 <= saved <= case.value_exposed
    if case.bucket_capacity is not None and case.bucket_refill is not None:
        assert saved <= case.bucket_capacity + case.bucket_refill * case.response
        assert saved <= avoidable_loss(replace(case, bucket_capacity=None, braking=0.0))


@unhurried
@given(cases(), money)
def test_a_costlier_halt_is_never_chosen_more_readily(case: Inputs, amount: float) -> None:
    assert judge(more(case, halt_cost=amount)).halt <= judge(case).halt
    assert judge(more(case, false_halt_cost=amount)).halt <= judge(case).halt


@unhurried
@given(cases())
def test_nothing_is_halted_that_could_not_save_more_than_it_costs(case: Inputs) -> None:
    if avoidable_loss(case) <= case.halt_cost:
        assert not judge(case).halt


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
