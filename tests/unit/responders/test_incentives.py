from decimal import Decimal
from typing import Any

import pytest

from responders.incentives import CHOICES, Terms, cheapest, deterred, honesty_holds, payoffs
from schemas.errors import ConfigurationError
from schemas.watchers import Watchers


def told(**changes: Any) -> Watchers:
    values: dict[str, Any] = {
        "attack_probability": 0.02,
        "watch_cost": Decimal(300),
        "short_profit": Decimal(20_000),
        "griefing_value": Decimal(5_000),
        "most_bond": Decimal(100_000),
        "most_reward": Decimal(200_000),
    }
    return Watchers(**values | changes)


def test_the_bond_outweighs_what_a_false_halt_earns() -> None:
    terms = cheapest(told())
    assert terms.bond == pytest.approx(25_000 * 1.1 / (0.6 * 0.7))
    assert deterred(told(), terms)
    assert not deterred(told(), Terms(25_000 / (0.6 * 0.7) - 1, terms.reward))


def test_the_reward_outweighs_watching_and_honest_mistakes() -> None:
    terms = cheapest(told())
    mistakes = 0.98 * 0.01 * 0.95 * terms.bond
    assert terms.reward * 0.02 * 0.8 / 2 == pytest.approx(300 * 1.1 + mistakes)
    assert honesty_holds(told(), terms)
    assert not honesty_holds(told(), Terms(terms.bond, terms.reward * 0.9))


def test_what_two_watchers_gain() -> None:
    table = payoffs(told(), Terms(bond=50_000.0, reward=100_000.0))
    gains = {
        (mine, theirs): table[row, column]
        for row, mine in enumerate(CHOICES)
        for column, theirs in enumerate(CHOICES)
    }
    assert gains["honest", "lazy"] == pytest.approx(1_600 - 300 - 0.98 * 0.01 * 0.6 * 50_000)
    assert gains["grief", "honest"] == pytest.approx(25_000 - 0.95 * 0.7 * 50_000)
    assert gains["collude", "collude"] == pytest.approx((25_000 - 0.6 * 0.7 * 50_000) / 2)
    assert gains["blind", "lazy"] == pytest.approx(2_000 - 0.98 * 0.6 * 0.7 * 50_000)
    assert gains["honest", "grief"] == gains["honest", "lazy"]  # it challenges itself


@pytest.mark.parametrize("short_of", ["most_bond", "most_reward"])
def test_where_no_terms_are_enough_it_says_what_to_change(short_of: str) -> None:
    with pytest.raises(ConfigurationError, match="raise most_bond or most_reward"):
        cheapest(told(**{short_of: Decimal(10)}))
