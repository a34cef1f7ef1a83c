"""From inputs to figures: what `firebreak risk` publishes, and what anyone can compute again. Pure.

The loss of the horizon is L = B * min(X, V): an incident or none (B, with probability P), what it
takes (X, `underwriting.severity`), and what there is (V). More than one within a horizon is counted
as one. With S the share of incidents that lose more than x and t = 1 - level,

    expected loss    P * E[min(X, V)]
    value at risk    the least x with P * S(x) <= t, at most V
    tail loss        ES = VaR + P / t * (integral of S from VaR to V)

The price of cover C is the cost-of-capital principle (Swiss Solvency Test; Solvency II, Delegated
Regulation (EU) 2015/35, articles 37 to 39): the expected loss of the cover, and what the capital
behind it costs for the horizon h, with V = C,

    price = EL + capital_cost * h * (ES - EL)

Intervals hold with at least 90 %: rate, weight of evidence and severity are each taken at ends that
hold with 1 - 2/60 (Bonferroni), and every figure rises with each of them.
"""

from collections.abc import Callable
from typing import NamedTuple

from schemas.risk import Evidence, Figure, Inputs
from underwriting.likelihood import YEAR, Likelihood, likelihood
from underwriting.model import Model
from underwriting.severity import Severity

OF_ONE, DOLLARS = "of 1", "USD"


class Assessment(NamedTuple):
    """What came out."""

    figures: tuple[Figure, ...]
    reasons: tuple[str, ...]


class Loss(NamedTuple):
    """The loss of a horizon: its mean, value at risk and expected shortfall, in money."""

    expected: float
    at_risk: float
    tail: float


def loss_of(severity: Severity, probability: float, most: float, level: float) -> Loss:
    """Return the loss of a horizon in which one incident comes with this probability."""
    tail = 1.0 - level
    expected = probability * severity.mean(most)
    if probability <= tail:
        return Loss(expected, 0.0, min(most, expected / tail))
    at_risk = severity.exceeded_by(tail / probability)
    if at_risk >= most:
        return Loss(expected, most, most)
    beyond = probability / tail * severity.mean(most, at_risk)
    return Loss(expected, at_risk, min(most, at_risk + beyond))


def price_of(loss: Loss, capital_cost: float, horizon: float) -> float:
    """Return the price of a cover whose loss this is, for `horizon` seconds."""
    return loss.expected + capital_cost * horizon / YEAR * (loss.tail - loss.expected)


def assess(inputs: Inputs, at: int, model: Model) -> Assessment:
    """Return every figure as of `at`, seconds since 1970; equal inputs give equal figures."""
    found = likelihood(
        model.rate,
        model.attacks,
        inputs.evidence,
        now=at,
        horizon=inputs.horizon,
        transactions_per_day=inputs.transactions_per_day,
    ).with_word(inputs.heard)
    chances, held = found.probability, inputs.held.value
    cover = min(inputs.cover, held)

    def money(name: str, of: Callable[[Severity, float], float]) -> Figure:
        likely = of(model.severity, chances[0])
        low, _ = model.spread(lambda severity: of(severity, chances[1]))
        _, high = model.spread(lambda severity: of(severity, chances[2]))
        return _figure(name, (likely, min(low, likely), max(high, likely)), DOLLARS)

    def priced(severity: Severity, chance: float) -> float:
        loss = loss_of(severity, chance, cover, inputs.level)
        return price_of(loss, inputs.capital_cost, inputs.horizon)

    def lost(severity: Severity, chance: float) -> Loss:
        return loss_of(severity, chance, held, inputs.level)

    price = money("cover_price", priced)
    parts = [part / cover if cover else 0.0 for part in (price.value, price.low, price.high)]
    lost_since = 0.0 if inputs.standing == "calm" else max(0.0, inputs.before - held)
    consumed = lost_since / inputs.allowable if inputs.allowable else 0.0
    return Assessment(
        (
            _figure("probability", chances, OF_ONE),
            _figure("exposure", (held, held, held), DOLLARS),
            money("expected_loss", lambda severity, chance: lost(severity, chance).expected),
            money("value_at_risk", lambda severity, chance: lost(severity, chance).at_risk),
            money("tail_loss", lambda severity, chance: lost(severity, chance).tail),
            _figure("mal_consumed", (consumed, consumed, consumed), OF_ONE),
            price,
            _figure("cover_rate", (parts[0], parts[1], parts[2]), OF_ONE),
        ),
        _reasons(inputs, at, found),
    )


def _figure(name: str, of: tuple[float, float, float], unit: str) -> Figure:
    return Figure(name=name, value=of[0], unit=unit, low=of[1], high=of[2])


def _reasons(inputs: Inputs, at: int, found: Likelihood) -> tuple[str, ...]:
    days = inputs.horizon / 86_400
    said = [f"recorded incidents alone: {found.base[0]:.3%} within {days:g} days"]
    if found.heaviest is not None:
        said.append(_weighed(found.heaviest, at, found.times[0]))
    elif inputs.heard is not None:
        said.append(
            f"{len(inputs.heard.warnings)} of {inputs.heard.issuers} neighbours warn: odds times "
            f"{found.times[0]:,.1f}"
        )
    if inputs.case is not None:
        said.append(f"case {inputs.case.record[:12]} is open: {inputs.standing}")
    if inputs.held.source == "manifest":
        said.append("what is held was not read from a chain: the manifest's word")
    return tuple(said)


def _weighed(evidence: Evidence, at: int, times: float) -> str:
    posture = f", sender's posture {evidence.posture_odds:g}" if evidence.posture_odds > 1 else ""
    return (
        f"alert {evidence.source.record[:12]} of {max(0, at - evidence.at):,} s ago, p-value "
        f"{evidence.p_value:.2g}{posture}: odds times {times:,.1f}"
    )
