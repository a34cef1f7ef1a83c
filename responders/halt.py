"""Is a halt worth what it costs? Pure.

Halt iff p/(1-p) > C_false / (L_avoidable - C_halt): the odds of an attack against the cost of a
wrong halt over the net gain of a right one. Where the avoidable loss does not exceed what a halt
costs anyway, no odds justify it.

A drain that lasts t seconds takes drained(t) = min(V_exposed, v * t, C + r * t): all there is, what
the attacker manages, or what the buckets on chain let through, whichever is least. People end it
after `response`, a brake after `braking`, so what a brake can save is the difference:
L_avoidable = drained(response) - drained(braking). V_exposed is what is there now, so what has left
already is out of it.

**Forced halts.** Some alert because somebody wants the halt. Where that pays (`griefing_gain` above
`attacker_cost`, what the alert took to make), there is a third hypothesis beside attack and chance:
a decoy, of prior d. It explains a strong alert as well as an attack does, so with B for the Bayes
factor and m for the prior of an attack, p = m B / (m B + d B + 1 - m - d). However strong the
alert, p stays below m / (m + d): what costs much when pulled for nothing waits for people, or for
value that leaves, while a brake of a small `false_cost` goes ahead. Where a decoy costs more than a
halt is worth, d is nought and the rule is as it was.

Until detectors give posteriors, p comes from the manifest's prior and the alert's p-value. For a
p-value below 1/e, no alternative in a broad class makes the observation more than 1/(-e p ln p)
times likelier than chance does (Sellke, Bayarri, Berger, "Calibration of p Values for Testing
Precise Null Hypotheses", The American Statistician 55, 2001). We take that bound as the Bayes
factor and cap it: so many sigmas are never believed. It is an upper bound, so p errs on the side of
halting; the prior and the costs are where an operator corrects that. What is known of the sender
(ADR 14) and what neighbours warn of (`runtime.neighbourhood`) multiply the prior's odds before.
"""

from dataclasses import dataclass
from math import e, inf, log

from responders.inputs import Inputs
from runtime.neighbourhood import warned
from schemas.actions import Term
from schemas.alerts import Alert

MAX_BAYES_FACTOR = 1e4
"""Reached at a p-value of about 3e-6: smaller ones rest on tails that were fitted, not seen."""


_LEAST_COST = 1e-6
"""Money; what cost nothing at all would have no factor."""

MAX_PRIOR_ODDS = 100.0
"""How far anything that is known of an account may raise the odds that the manifest states."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether to halt, why in words, and every number that was computed for it."""

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


def decoy(given: Inputs, prior: float) -> float:
    """Return the prior probability that the alert was made to force a halt: nought where nobody
    says what one is worth, or where it costs as much as that."""
    if given.attacker_cost is None or given.griefing_gain <= given.attacker_cost:
        return 0.0
    return min(given.decoy_prior, 1 - prior)


def posterior(prior: float, p_value: float, decoy_prior: float = 0.0) -> float:
    """Return the probability of an attack after the alert, by Bayes' rule over attack, decoy and
    chance."""
    factor = bayes_factor(p_value)
    weight = prior * factor
    return weight / (weight + decoy_prior * factor + 1 - prior - decoy_prior)


def strength(alert: Alert) -> float:
    """Return by how much an alert multiplies the odds of an attack, its sender's posture included:
    all that the rule takes from it."""
    posture = alert.posture.odds if alert.posture is not None else 1.0
    return min(MAX_PRIOR_ODDS, max(1.0, posture)) * bayes_factor(alert.p_value)


def drained(given: Inputs, seconds: float) -> float:
    """Return what a drain takes in so many seconds, in money. Never falls with them."""
    bucket = inf
    if given.bucket_capacity is not None:
        bucket = given.bucket_capacity + (given.bucket_refill or 0.0) * seconds
    return min(given.value_exposed, given.loss_per_second * seconds, bucket)


def avoidable_loss(given: Inputs) -> float:
    """Return what a brake can save, in money: what people would let go by and it does not."""
    return max(0.0, drained(given, given.response) - drained(given, given.braking))


def believed(given: Inputs) -> float:
    """Return the p-value that the rule goes by: with a linked alert, that of the claim that neither
    is chance (`responders.linkage`)."""
    return min(1.0, given.p_value * max(1.0, given.looked_among or 1.0))


def judge(given: Inputs) -> Verdict:
    """Apply the rule. Monotone in the probability and in the avoidable loss."""
    p_value = believed(given)
    prior = raised(given.stated_prior, given.posture_odds * warned(given.heard))
    forced = decoy(given, prior)
    p = posterior(prior, p_value, forced)
    avoidable = avoidable_loss(given)
    gain = avoidable - given.halt_cost
    # The rule without its divisions; it cannot hold unless there is something to gain.
    halt = p * gain > (1 - p) * given.false_halt_cost
    if gain <= 0:
        reason = "a halt costs as much as it could save, or more"
    elif halt:
        reason = "the expected loss without a halt outweighs the cost of a false one"
    else:
        reason = "an attack is too unlikely for what a false halt costs"
    return Verdict(
        halt,
        reason,
        (
            Term(name="bayes_factor", value=bayes_factor(p_value)),
            Term(name="prior", value=prior),
            Term(name="probability", value=p),
            Term(name="avoidable_loss", value=avoidable, unit="money"),
            Term(name="expected_loss", value=p * avoidable, unit="money"),
            *_griefing(given, forced),
        ),
    )


def _griefing(given: Inputs, forced: float) -> tuple[Term, ...]:
    """Return what a halt for nothing costs the protocol for each unit that it costs whoever forces
    it, where that is known."""
    if given.attacker_cost is None:
        return ()
    factor = given.false_halt_cost / max(given.attacker_cost, _LEAST_COST)
    return (
        Term(name="decoy", value=forced),
        Term(name="griefing_factor", value=factor),
    )
