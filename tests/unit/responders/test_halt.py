from math import e, log

import pytest

from responders.halt import MAX_BAYES_FACTOR, avoidable_loss, bayes_factor, judge, posterior
from responders.inputs import Inputs, terms_of
from tests.unit.responders.examples import inputs


@pytest.mark.parametrize("p_value", [0.05, 0.01, 1e-3, 1e-5])
def test_the_bayes_factor_is_the_published_bound(p_value: float) -> None:
    assert bayes_factor(p_value) == pytest.approx(1 / (-e * p_value * log(p_value)))


def test_the_published_example_of_a_p_value_of_5_percent() -> None:
    assert bayes_factor(0.05) == pytest.approx(2.456, abs=0.001)  # "at most 2.5 to 1"


@pytest.mark.parametrize("p_value", [1 / e, 0.5, 1.0])
def test_an_ordinary_p_value_is_no_evidence(p_value: float) -> None:
    assert bayes_factor(p_value) == 1.0
    assert posterior(0.2, p_value) == pytest.approx(0.2)


@pytest.mark.parametrize("p_value", [0.0, 1e-300, 1e-9])
def test_the_evidence_of_one_alert_is_capped(p_value: float) -> None:
    assert bayes_factor(p_value) == MAX_BAYES_FACTOR


def test_the_posterior_odds_are_prior_odds_times_the_factor() -> None:
    p = posterior(0.01, 1e-3)
    assert p / (1 - p) == pytest.approx(0.01 / 0.99 * bayes_factor(1e-3))


def given(**changes: float) -> Inputs:
    return inputs(stated_prior=0.5, p_value=1.0, **changes)


def test_the_avoidable_loss_is_bounded_by_what_is_exposed() -> None:
    assert avoidable_loss(given()) == 5_000_000
    assert avoidable_loss(given(response=60.0)) == 600_000


def test_what_goes_by_while_the_brake_is_on_its_way_cannot_be_saved() -> None:
    assert avoidable_loss(given(response=60.0, braking=24.0)) == 360_000
    assert avoidable_loss(given(response=60.0, braking=61.0)) == 0.0
    assert avoidable_loss(given(braking=500.0)) == 0.0  # by then all is gone


def test_a_bucket_on_chain_leaves_less_to_be_saved() -> None:
    # 100,000 at once and 50 a second: 145,000 in 900 s, 101,200 in 24 s
    assert avoidable_loss(
        given(bucket_capacity=100_000.0, bucket_refill=50.0, braking=24.0)
    ) == pytest.approx(145_000 - 101_200)


def certain(p: float, **changes: float) -> Inputs:
    return inputs(stated_prior=p, p_value=1.0, **changes)


def test_the_rule_halts_above_its_odds_and_not_below() -> None:
    costly = {"halt_cost": 1_000_000.0}  # 50,000 against 4,000,000: odds of 1/80
    threshold = 1 / 81
    assert judge(certain(threshold * 1.01, **costly)).halt
    assert not judge(certain(threshold * 0.99, **costly)).halt


@pytest.mark.parametrize("halt_cost", [5_000_000.0, 6_000_000.0])
def test_a_halt_that_costs_what_it_saves_is_never_worth_it(halt_cost: float) -> None:
    verdict = judge(certain(1.0, halt_cost=halt_cost))
    assert not verdict.halt
    assert "costs as much" in verdict.reason


def test_a_certain_attack_is_halted_whatever_a_false_halt_would_cost() -> None:
    assert judge(certain(1.0, false_halt_cost=1e12)).halt


def test_anyone_can_compute_the_verdict_again_from_its_terms() -> None:
    asked = inputs(stated_prior=0.001, p_value=1e-3)
    verdict = judge(asked)
    term = {term.name: term.value for term in (*terms_of(asked), *verdict.terms)}
    odds = term["probability"] / (1 - term["probability"])
    loss = min(term["value_exposed"], term["loss_per_second"] * term["response"])
    assert loss == term["avoidable_loss"]
    assert verdict.halt == (odds > term["false_halt_cost"] / (loss - term["halt_cost"]))
