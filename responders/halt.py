"""Is a halt worth what it costs? Pure.

Halt iff p/(1-p) > C_false / (L_avoidable - C_halt), with L_avoidable = min(V_exposed, v * tau): the
odds of an attack against the cost of a wrong halt over the net gain of a right one. Where the
avoidable loss does not exceed what a halt costs anyway, no odds justify it.

Until detectors give posteriors, p comes from the manifest's prior and the alert's p-value. For a
p-value below 1/e, no alternative in a broad class makes the observation more than 1/(-e p ln p)
times likelier than chance does (Sellke, Bayarri, Berger, "Calibration of p Values for Testing
Precise Null Hypotheses", The American Statistician 55, 2001). We take that bound as the Bayes
factor and cap it: so many sigmas are never believed. It is an upper bound, so p errs on the side of
halting; the prior and the costs are where an operator corrects that.
"""

from dataclasses import dataclass
from math import e, log

from schemas.actions import Term
from schemas.manifest import Halt

MAX_BAYES_FACTOR = 1e4
"""Reached at a p-value of about 3e-6: smaller ones rest on tails that were fitted, not seen."""


MAX_PRIOR_ODDS = 100.0
"""How far anything that is known of an account may raise the odds that the manifest states."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to halt, why in words, and every number it rests on."""

    halt: bool
    reason: str
    terms: tuple[Term, ...]


def bayes_factor(p_value: float) -> float:
    """Return how much more likely an attack makes this p-value than chance does, at most.

    Between 1 and `MAX_BAYES_FACTOR`; never rises with the p-value.
    """
    if p_value >= 1 / e:
        return 1.0
    if p_value <= 0.0:
        return MAX_BAYES_FACTOR
    return min(MAX_BAYES_FACTOR, max(1.0, 1 / (-e * p_value * log(p_value))))


def raised(prior: float, odds: float) -> float:
    """Return the prior probability after its odds were multiplied, by at most `MAX_PRIOR_ODDS`;
    less than 1 counts as 1, so that nothing lowers it."""
    times = min(MAX_PRIOR_ODDS, max(1.0, odds))
    return prior * times / (1 - prior + prior * times)


def posterior(prior: float, p_value: float) -> float:
    """Return the probability of an attack after the alert; prior odds times the Bayes factor."""
    weight = prior * bayes_factor(p_value)
    return weight / (weight + 1 - prior)


def avoidable_loss(costs: Halt) -> float:
    """Return what a halt can save, in the manifest's currency: min(V_exposed, v * tau)."""
    return min(float(costs.value_exposed), float(costs.loss_per_second) * costs.response_seconds)


def judge(probability: float, costs: Halt) -> Verdict:
    """Apply the rule to the probability of an attack. Monotone in it and in the avoidable loss."""
    gain = avoidable_loss(costs) - float(costs.halt_cost)
    false_cost = float(costs.false_halt_cost)
    # The rule without its divisions; it cannot hold unless there is something to gain.
    halt = probability * gain > (1 - probability) * false_cost
    if gain <= 0:
        reason = "a halt costs as much as it could save, or more"
    elif halt:
        reason = "the expected loss without a halt outweighs the cost of a false one"
    else:
        reason = "an attack is too unlikely for what a false halt costs"
    return Verdict(halt, reason, (*_terms(costs), Term(name="probability", value=probability)))


def _terms(costs: Halt) -> tuple[Term, ...]:
    return (
        Term(name="false_halt_cost", value=float(costs.false_halt_cost), unit="money"),
        Term(name="halt_cost", value=float(costs.halt_cost), unit="money"),
        Term(name="value_exposed", value=float(costs.value_exposed), unit="money"),
        Term(name="loss_per_second", value=float(costs.loss_per_second), unit="money/s"),
        Term(name="response", value=costs.response_seconds, unit="s"),
        Term(name="avoidable_loss", value=avoidable_loss(costs), unit="money"),
    )
