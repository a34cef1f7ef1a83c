import math

import numpy as np
import pytest
from scipy.stats import genpareto

from runtime.tails import FEWEST, Tail, fit
from schemas.errors import ConfigurationError

HEAVY = Tail(threshold=10.0, share=0.1, shape=0.75, scale=5.0, exceeding=70)


def test_value_at_risk_is_the_distribution_s_quantile() -> None:
    conditional = 1 - (1 - 0.999) / 0.1
    expected = genpareto.ppf(conditional, 0.75, loc=10.0, scale=5.0)
    assert HEAVY.value_at_risk(0.999) == pytest.approx(expected)
    assert HEAVY.value_at_risk(0.9) == pytest.approx(10.0)


def test_expected_shortfall_is_the_published_formula_without_a_cap() -> None:
    at_risk = HEAVY.value_at_risk(0.999)
    expected = (at_risk + 5.0 - 0.75 * 10.0) / (1 - 0.75)
    assert HEAVY.expected_shortfall(0.999, math.inf) == pytest.approx(expected)
    assert expected / at_risk == pytest.approx(4.0, rel=0.03)


def test_a_cap_makes_it_finite_where_there_is_no_mean() -> None:
    endless = Tail(threshold=10.0, share=0.1, shape=1.3, scale=5.0, exceeding=70)
    assert endless.expected_shortfall(0.99, math.inf) == math.inf
    assert 10.0 < endless.expected_shortfall(0.99, 1e6) < 1e6
    assert endless.expected_shortfall(0.99, 12.0) == 12.0


def test_it_knows_nothing_below_its_threshold() -> None:
    with pytest.raises(ValueError, match="the tail begins"):
        HEAVY.value_at_risk(0.5)


def test_it_finds_the_shape_that_losses_were_drawn_from() -> None:
    drawn = genpareto.rvs(0.75, scale=1.0, size=5_000, random_state=np.random.default_rng(7))
    found = fit(drawn.tolist())
    assert found.exceeding == 500
    assert found.shape == pytest.approx(0.75, abs=0.15)
    assert found.value_at_risk(0.99) == pytest.approx(np.quantile(drawn, 0.99), rel=0.1)


@pytest.mark.parametrize("losses", [[], [1.0], [math.nan] * 500, [-1.0] * 500, [1.0] * 500])
def test_losses_that_tell_nothing_are_refused(losses: list[float]) -> None:
    with pytest.raises(ConfigurationError):
        fit(losses)


def test_few_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=f"{FEWEST} are needed"):
        fit([float(n) for n in range(100)])
