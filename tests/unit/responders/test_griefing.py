"""What a forced halt costs whoever forces it, and what that changes."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from responders.halt import decoy, judge, posterior
from responders.rederive import rederive
from schemas.actions import Action
from schemas.loss import Cut, Griefing
from schemas.manifest import Contract, Limits, Manifest
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import CHAIN, POOL, alert, brake, costs, inputs
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.test_ladder import pulled

PAIR = "0x" + "dd" * 20
WORTH = Griefing(
    prior=0.01, gain=Decimal(10_000), decoy_cost=Decimal(500), coin_price=Decimal(2000)
)


def forced(**changes: Any) -> Manifest:
    """A narrow brake and a broad one of the same pool, where forcing a halt pays."""
    narrow, broad = brake(name="cap", scope="T1", target=PAIR), brake()
    told: dict[str, Any] = {
        "protocol": "meadow",
        "chain": CHAIN,
        "contracts": (Contract(address=POOL, role="pool"),),
        "halt": costs(),
        "limits": Limits(cooldown_seconds=0),
        "brakes": (narrow, broad),
        "cuts": (Cut(brake="cap", halts=POOL, cost=Decimal(100), false_cost=Decimal(1000)),),
        "griefing": WORTH,
    }
    return Manifest(**told | changes)


def numbers(action: Action) -> dict[str, float]:
    return {term.name: term.value for term in (*action.terms, *action.further)}


@pytest.mark.parametrize(("cost", "prior"), [(499.0, 0.02), (500.0, 0.0), (501.0, 0.0)])
def test_a_decoy_is_expected_where_forcing_a_halt_pays(cost: float, prior: float) -> None:
    given = inputs(griefing_gain=500.0, attacker_cost=cost, decoy_prior=0.02)
    assert decoy(given, 0.01) == prior
    assert decoy(inputs(griefing_gain=500.0, decoy_prior=0.02), 0.01) == 0.0


def test_the_posterior_is_bayes_rule_over_three_hypotheses() -> None:
    factor = 1 / (1 / posterior(0.01, 1e-3) - 1) * 0.99 / 0.01
    whole = 0.01 * factor + 0.02 * factor + 0.97
    assert posterior(0.01, 1e-3, 0.02) == pytest.approx(0.01 * factor / whole)
    assert posterior(0.01, 0.0, 0.02) < 0.01 / 0.03


def test_what_is_dear_when_forced_waits_and_what_is_cheap_goes_ahead() -> None:
    worth = {"griefing_gain": 1e6, "attacker_cost": 500.0, "decoy_prior": 0.02}
    at_stake = {"stated_prior": 0.01, "p_value": 1e-9, "value_exposed": 1e6, "halt_cost": 0.0}
    assert not judge(inputs(**at_stake, **worth, false_halt_cost=6e5)).halt
    assert judge(inputs(**at_stake, false_halt_cost=6e5)).halt
    assert judge(inputs(**at_stake, **worth, false_halt_cost=1e5)).halt


def test_the_narrow_brake_comes_first_where_an_alert_does_not_say_what_loses(
    journal: Path,
) -> None:
    chain = FakeChain(101)
    with bench(journal, chain, given=forced()) as responder:
        responder.receive(alert(1))
        states = {step.scope: step.state for step in responder.published()}
        assert states == {"T1": "broadcast", "T2": "refused"}
        responder.mine(2)
        responder.receive(alert(3))  # and it goes on
        assert ("T2", "authorised") in pulled(responder.published())


def test_its_cost_is_what_the_node_says_it_paid_and_is_derived_again(journal: Path) -> None:
    chain = FakeChain(101)
    chain.paid_fees = 10**17  # 0.1 coin, 200 in money
    with bench(journal, chain, given=forced()) as responder:
        responder.receive(alert(1))
        decided = [one for one in responder.published() if one.state in ("authorised", "refused")]
    assert {numbers(one)["attacker_cost"] for one in decided} == {700.0}
    by_scope = {one.scope: numbers(one) for one in decided}
    assert by_scope["T1"]["griefing_factor"] == pytest.approx(1000 / 700)
    assert by_scope["T2"]["griefing_factor"] == pytest.approx(50_000 / 700)
    assert by_scope["T1"]["decoy"] == 0.01
    for one in decided:
        again = rederive(one)
        assert again.equal, again.differences


def test_a_decoy_that_costs_more_than_a_halt_is_worth_changes_nothing(journal: Path) -> None:
    chain = FakeChain(101)
    chain.paid_fees = 10**19
    with bench(journal, chain, given=forced()) as responder:
        responder.receive(alert(1))
        assert numbers(responder.published()[1])["decoy"] == 0.0


def test_narrow_brakes_pulled_for_nothing_leave_the_broad_one_s_budget(journal: Path) -> None:
    limits = Limits(brakes_per_window=1, narrow_brakes_per_window=1, cooldown_seconds=0)
    given = forced(griefing=None, limits=limits)
    with bench(journal, FakeChain(103), given=given) as responder:
        responder.receive(alert(1, losing=(POOL,)))  # a decoy: the narrow one is pulled
        responder.mine(2)
        responder.receive(alert(5, losing=(POOL,)))
        steps = pulled(responder.published())
    assert {("T1", "authorised"), ("T2", "authorised")} <= set(steps)


def test_people_are_told_when_only_the_budget_stands_against_a_brake(journal: Path) -> None:
    given = forced(griefing=None, limits=Limits(brakes_per_window=0, cooldown_seconds=0))
    with bench(journal, FakeChain(101), given=given) as responder:
        responder.receive(alert(1))
        faults = responder.metrics.brake_faults.labels("meadow", "budget_spent")
        assert faults._value.get() == 2.0
