from dataclasses import fields

import pytest

from responders import guard, healing
from responders.decision import Surroundings, gathered
from responders.guard import GuardState
from responders.inputs import Inputs
from schemas.actions import Term
from tests.unit.responders.examples import alert, brake, inputs, manifest, vote
from tests.unit.responders.test_guard import action

RULE = vote("declared-invariants", tail="rule", made_from=("amounts",))


@pytest.mark.parametrize(("now", "due"), [(100, False), (159, False), (160, True), (900, True)])
def test_a_brake_is_renewed_in_the_second_half_of_its_time(now: int, *, due: bool) -> None:
    assert healing.due(100, 120, now) is due


def test_one_that_does_not_lapse_is_never_renewed() -> None:
    assert not healing.due(0, None, 10**9)


@pytest.mark.parametrize(
    ("scope", "rule", "lapsing", "renewal"),
    [
        ("T1", True, True, True),
        ("T2", True, True, False),
        ("T1", False, True, False),
        ("T1", True, False, False),
    ],
)
def test_only_a_broken_rule_renews_and_only_a_narrow_brake(
    scope: str, *, rule: bool, lapsing: bool, renewal: bool
) -> None:
    given = alert(votes=(RULE,)) if rule else alert()
    around = Surroundings(guard=GuardState(), head=101, lapsing=lapsing)
    assert gathered(given, brake(scope=scope), manifest(), around).renewal is renewal


def test_a_renewal_is_none_of_the_budgets_brakes_and_needs_no_cooldown() -> None:
    spent = {"brakes_left": 0, "cooldown_left": 300}
    assert guard.objection(inputs(**spent)) != ""
    assert guard.objection(inputs(**spent, renewal=True)) == ""
    renewed = action("authorised", terms=(Term(name="renewal", value=1.0),))
    assert guard.after(GuardState(), "proposed", renewed, 100) == GuardState()


def test_an_old_alert_renews_nothing_by_itself() -> None:
    assert guard.objection(inputs(renewal=True, blocks_behind=26)) != ""


def test_its_term_is_the_input_of_that_name() -> None:
    assert healing.TERM in {field.name for field in fields(Inputs)}
