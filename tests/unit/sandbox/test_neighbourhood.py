"""A third that lies brakes nothing that would not brake by itself, and true warnings help."""

from sandbox.neighbourhood import compared, deaf, simulate
from sandbox.village import LISTENED, ROLES


def test_a_third_of_those_whom_each_listens_to_lie() -> None:
    assert len(ROLES) == 20
    lying = sum(role in ("liar", "sleeper") for role in ROLES)
    assert 3 * lying == LISTENED


def test_lies_brake_nothing_and_true_warnings_still_help() -> None:
    found = compared(1, 50)
    assert found["lies_at_the_best_moment"] > 200
    assert found["false_brakes_by_liars"] == 0
    assert found["false_brakes_if_all_were_trusted"] > 0, "lies would do harm"
    assert found["loss_spared_percent"] > 4, "though all begin as newcomers"
    assert found["seconds_gained_where_warned"] > 10


def test_a_campaign_is_the_same_whoever_listens() -> None:
    assert simulate(3, 12) == simulate(3, 12)
    assert len(simulate(3, 12).seconds) == len(simulate(3, 12, deaf).seconds)
