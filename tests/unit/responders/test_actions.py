import pytest

from responders.actions import ENDED, NEXT, follow, reopened
from schemas.actions import STATES
from tests.unit.responders.examples import alert
from tests.unit.responders.test_guard import action


def test_every_state_has_its_rules_and_no_others() -> None:
    assert set(NEXT) == set(STATES)
    assert set().union(*NEXT.values()) <= set(STATES)


def test_every_state_can_be_reached_and_can_end() -> None:
    reached = {"proposed"}
    for _ in STATES:
        reached |= set().union(*(NEXT[state] for state in reached))
    assert reached == set(STATES)
    for state in STATES:
        ends = {state}
        for _ in STATES:
            ends |= set().union(*(NEXT[one] for one in ends))
        assert ends & ENDED


def test_only_a_final_brake_is_over_for_ever() -> None:
    assert [state for state in STATES if not NEXT[state]] == ["final"]


def test_an_ended_brake_can_only_be_proposed_again() -> None:
    assert all(NEXT[state] == {"proposed"} for state in ENDED - {"final"})


def test_a_step_that_may_not_follow_is_refused() -> None:
    with pytest.raises(ValueError, match="final may not follow proposed"):
        follow(action("proposed"), "final", "")


def test_a_step_keeps_what_is_known_and_says_its_own() -> None:
    signed = follow(action("nonce-reserved"), "signed", "here", tx="0xabc")
    sent = follow(signed, "broadcast", "there" * 200)
    assert sent.tx == "0xabc"
    assert sent.step == 2
    assert sent.id != signed.id
    assert len(sent.reason) == 500


def test_a_brake_proposed_again_has_no_nonce_and_no_transaction() -> None:
    failed = follow(action("included"), "failed", "", tx="0xabc", nonce=3, fee="1", block=7)
    again = reopened(failed, alert(9), ())
    assert (again.tx, again.nonce, again.fee, again.block) == ("", None, None, None)
    assert again.alert == alert(9).id
    assert again.action == failed.action
