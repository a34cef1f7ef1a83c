import msgspec
import pytest

from responders import guard
from responders.guard import GuardState, Request, Spent
from schemas.actions import Action
from schemas.ids import content_id
from schemas.manifest import Limits
from tests.unit.responders.examples import CHAIN, POOL, START

LIMITS = Limits(brakes_per_window=2, window_seconds=1000, cooldown_seconds=100, alert_blocks=10)


def request(**changes: object) -> Request:
    values = {"protocol": "meadow", "target": POOL, "time": START, "block": 100, "head": 100}
    return Request(**values | changes)  # type: ignore[arg-type]  # the values are of these types


def spent(time: int, **changes: str) -> Spent:
    values = {"action": "a" * 64, "protocol": "meadow", "target": "elsewhere"}
    return Spent(**values | changes, time=time)


def action(state: str) -> Action:
    return Action(
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


def test_a_fresh_alert_within_budget_passes() -> None:
    ruling = guard.judge(GuardState(), request(), LIMITS)
    assert ruling.allowed
    assert {term.name: term.value for term in ruling.terms} == {
        "blocks_behind": 0.0,
        "brakes_left": 2.0,
    }


@pytest.mark.parametrize(("head", "allowed"), [(110, True), (111, False), (90, True)])
def test_an_alert_may_be_so_many_blocks_old(head: int, *, allowed: bool) -> None:
    assert guard.judge(GuardState(), request(head=head), LIMITS).allowed is allowed


@pytest.mark.parametrize("times", [(START - 10, START - 20), (START + 10, START - 10)])
def test_the_budget_counts_every_brake_near_in_time(times: tuple[int, ...]) -> None:
    state = GuardState(tuple(map(spent, times)))
    ruling = guard.judge(state, request(), LIMITS)
    assert not ruling.allowed
    assert "2 brakes in 1000 s" in ruling.reason


def test_the_budget_comes_back_after_its_window() -> None:
    state = GuardState((spent(START - 1000), spent(START - 999)))
    assert guard.brakes_left(state, "meadow", START, LIMITS) == 1
    assert guard.brakes_left(state, "meadow", START - 2000, LIMITS) == 2


def test_protocols_have_budgets_of_their_own() -> None:
    state = GuardState((spent(START, protocol="cellar"), spent(START, protocol="cellar")))
    assert guard.judge(state, request(), LIMITS).allowed


def test_a_budget_of_nothing_allows_nothing() -> None:
    limits = Limits(brakes_per_window=0)
    assert not guard.judge(GuardState(), request(), limits).allowed


@pytest.mark.parametrize(("ago", "allowed"), [(99, False), (-99, False), (100, True)])
def test_a_target_cools_down(ago: int, *, allowed: bool) -> None:
    state = GuardState((spent(START - ago, target=POOL),))
    assert guard.judge(state, request(), LIMITS).allowed is allowed


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


def test_its_terms_are_floats_which_a_journal_gives_back_byte_for_byte() -> None:
    ruling = guard.judge(GuardState(), request(), LIMITS)
    assert {type(term.value) for term in ruling.terms} == {float}
