from typing import Any

import msgspec
import pytest

from responders import guard
from responders.guard import GuardState, Request, Spent
from responders.inputs import Scope
from schemas.actions import Action
from schemas.ids import content_id
from schemas.manifest import Limits
from tests.unit.responders.examples import CHAIN, POOL, START, inputs

EMPTY = GuardState()
LIMITS = Limits(brakes_per_window=2, window_seconds=1000, cooldown_seconds=100, alert_blocks=10)


def objection(state: GuardState = EMPTY, limits: Limits = LIMITS, **changes: Any) -> str:
    """What the guard says to a brake of the pool on an alert of the start."""
    asked = Request(protocol="meadow", target=POOL, time=START)
    standing = {
        "alert_blocks": limits.alert_blocks,
        "brakes_left": guard.brakes_left(state, asked, limits),
        "cooldown_left": guard.cooldown_left(state, asked, limits),
    }
    return guard.objection(inputs(**standing | changes))


def spent(time: int, **changes: Any) -> Spent:
    values = {"action": "a" * 64, "protocol": "meadow", "target": "elsewhere"}
    return Spent(**values | changes, time=time)


def action(state: str, **changes: Any) -> Action:
    made = Action(
        id=content_id("step"),
        action=content_id("action"),
        step=0,
        state=state,
        chain=CHAIN,
        protocol="meadow",
        incident=content_id("incident"),
        alert=content_id("alert"),
        adapter="gate",
        target=f"{CHAIN}:{POOL}",
        calldata="0x8456cb59",
        scope="T2",
        reason="",
    )
    return msgspec.structs.replace(made, **changes)


def test_a_fresh_alert_within_budget_passes() -> None:
    assert objection() == ""


@pytest.mark.parametrize(("behind", "allowed"), [(10, True), (11, False), (0, True)])
def test_an_alert_may_be_so_many_blocks_old(behind: int, *, allowed: bool) -> None:
    assert (objection(blocks_behind=behind) == "") is allowed


def test_an_older_one_needs_a_look_at_the_head() -> None:
    assert "could not be simulated" in objection(blocks_behind=11)
    assert "no value at risk" in objection(blocks_behind=11, still_at_risk=0.0)
    assert objection(blocks_behind=11, still_at_risk=0.5) == ""


@pytest.mark.parametrize("times", [(START - 10, START - 20), (START + 10, START - 10)])
def test_the_budget_counts_every_brake_near_in_time(times: tuple[int, ...]) -> None:
    state = GuardState(tuple(map(spent, times)))
    assert "the budget is spent" in objection(state)


def test_the_budget_comes_back_after_its_window() -> None:
    state = GuardState((spent(START - 1000), spent(START - 999)))
    assert left(state, "T2") == 1
    assert left(state, "T2", time=START - 2000) == 2


def left(state: GuardState, scope: Scope, limits: Limits = LIMITS, time: int = START) -> int:
    return guard.brakes_left(state, Request("meadow", POOL, time, scope), limits)


def test_each_rung_has_a_budget_of_its_own() -> None:
    narrow = GuardState((spent(START, scope="T1"), spent(START, scope="T1")))
    assert left(narrow, "T1") == 0
    assert left(narrow, "T2") == 2
    more = Limits(brakes_per_window=1, narrow_brakes_per_window=5)
    assert left(narrow, "T1", more) == 3
    assert left(EMPTY, "T2", more) == 1


@pytest.mark.parametrize(("state", "counts"), [("refused", 0), ("failed", 0), ("satisfied", 1)])
def test_a_word_that_ran_out_spent_nothing_and_one_that_was_used_did(
    state: str, counts: int
) -> None:
    after = guard.after(EMPTY, "proposed", action("authorised"), START)
    after = guard.after(after, "authorised", action("consented"), START)
    assert len(guard.after(after, "consented", action(state), START).spent) == counts


def test_protocols_have_budgets_of_their_own() -> None:
    state = GuardState((spent(START, protocol="cellar"), spent(START, protocol="cellar")))
    assert objection(state) == ""


def test_a_budget_of_nothing_allows_nothing() -> None:
    assert objection(limits=Limits(brakes_per_window=0)) != ""


@pytest.mark.parametrize(("ago", "allowed"), [(99, False), (-99, False), (100, True)])
def test_a_target_cools_down(ago: int, *, allowed: bool) -> None:
    state = GuardState((spent(START - ago, target=POOL),))
    assert (objection(state) == "") is allowed


def test_a_brake_counts_from_when_it_is_authorised() -> None:
    state = guard.after(GuardState(), "proposed", action("authorised"), START)
    assert [one.time for one in state.spent] == [START]
    for state_before, following in (("authorised", "nonce-reserved"), ("signed", "broadcast")):
        assert guard.after(state, state_before, action(following), START) == state


@pytest.mark.parametrize("ending", ["refused", "satisfied", "failed"])
def test_a_brake_that_ends_unsigned_is_given_back(ending: str) -> None:
    state = guard.after(GuardState(), "proposed", action("authorised"), START)
    assert guard.after(state, "authorised", action(ending), START) == GuardState()


def test_a_brake_that_was_mined_stays_counted_whatever_came_of_it() -> None:
    state = guard.after(GuardState(), "proposed", action("authorised"), START)
    assert guard.after(state, "included", action("failed"), START) == state
    assert guard.after(state, "proposed", action("refused"), START) == state


def test_starting_over_with_a_new_nonce_is_not_a_second_brake() -> None:
    state = guard.after(GuardState(), "proposed", action("authorised"), START)
    assert guard.after(state, "broadcast", action("authorised"), START) == state


def test_only_the_latest_of_an_actions_brakes_is_given_back() -> None:
    first = guard.after(GuardState(), "proposed", action("authorised"), START)
    other = msgspec.structs.replace(action("authorised"), action=content_id("other"))
    both = guard.after(first, "proposed", other, START + 1)
    again = guard.after(both, "proposed", action("authorised"), START + 2)
    left = guard.after(again, "authorised", action("refused"), START + 2)
    assert left == both


def test_a_brake_that_says_what_it_guards_cools_down_by_itself() -> None:
    state = GuardState((spent(START, target=POOL, calldata="0x01"),))

    def left(own: str | None) -> int:
        return guard.cooldown_left(state, Request("meadow", POOL, START, own=own), LIMITS)

    assert left(None) == left("0x01") == LIMITS.cooldown_seconds
    assert left("0x02") == 0
