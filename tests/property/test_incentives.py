"""What is solved for holds; who may gain by dishonesty never does within the region."""

from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from responders.incentives import (
    CHOICES,
    Terms,
    cheapest,
    deterred,
    equilibria,
    honesty_holds,
    payoffs,
)
from schemas.errors import ConfigurationError
from schemas.watchers import Watchers

unhurried = settings(deadline=None, derandomize=True, max_examples=60)
shares = st.floats(0.01, 0.99)
money = st.integers(0, 10**6).map(Decimal)
amounts = st.floats(0, 1e6)
watchers = st.builds(
    Watchers,
    attack_probability=shares,
    watch_cost=money,
    found=shares,
    false_requests=st.floats(0, 0.3),
    short_profit=money,
    griefing_value=money,
    slashed_watched=shares,
    slashed_alone=shares,
    challenger_share=st.floats(0, 0.99),
    most_bond=st.just(Decimal(10**9)),
    most_reward=st.just(Decimal(10**9)),
)


@unhurried
@given(watchers)
def test_what_is_solved_for_makes_honesty_an_equilibrium(told: Watchers) -> None:
    try:
        terms = cheapest(told)
    except ConfigurationError:
        assume(False)  # noqa: FBT003 - hypothesis': nothing within the bounds
    assert honesty_holds(told, terms)
    assert deterred(told, Terms(terms.bond * (1 + 1e-9), terms.reward))


@unhurried
@given(watchers, amounts, amounts)
def test_it_holds_exactly_where_the_game_has_that_equilibrium(
    told: Watchers, bond: float, reward: float
) -> None:
    table = payoffs(told, Terms(bond, reward))
    honest = [1.0] + [0.0] * (len(CHOICES) - 1)
    found = any(
        list(mine) == honest and list(theirs) == honest for mine, theirs in equilibria(table)
    )
    assert found == honesty_holds(told, Terms(bond, reward))


@unhurried
@given(watchers, amounts, amounts)
def test_where_a_false_halt_does_not_pay_nobody_gains_by_one(
    told: Watchers, bond: float, reward: float
) -> None:
    table = payoffs(told, Terms(bond, reward))
    if deterred(told, Terms(bond, reward)) and told.slashed_watched >= told.slashed_alone:
        assert (table[[CHOICES.index("grief"), CHOICES.index("collude")]] <= 1e-6).all()


@unhurried
@given(watchers, amounts, amounts, amounts)
def test_a_larger_bond_never_helps_who_requests_for_nothing(
    told: Watchers, bond: float, more: float, reward: float
) -> None:
    before, after = (payoffs(told, Terms(b, reward)) for b in (bond, bond + more))
    for name in ("blind", "grief", "collude"):
        row = CHOICES.index(name)
        assert (after[row] <= before[row] + 1e-6).all()
