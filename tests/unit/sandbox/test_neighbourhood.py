"""A third that lies brakes nothing that would not brake by itself, and true warnings help."""

import pytest

from sandbox.neighbourhood import simulate
from sandbox.neighbourhood_worth import compared, deaf, repeated
from sandbox.village import LISTENED, ROLES, trusting

SEEDS = 10


def test_a_third_of_those_whom_each_listens_to_lie() -> None:
    assert len(ROLES) == 20
    lying = sum(role in ("liar", "sleeper") for role in ROLES)
    assert 3 * lying == LISTENED


def test_lies_brake_nothing_and_true_warnings_still_help() -> None:
    found = compared(2, 24)
    assert found["lies_at_the_best_moment"] > 50
    assert found["false_brakes_by_liars"] == 0
    assert found["loss_spared_percent"] > 0, "though all begin as newcomers"
    assert found["seconds_gained_where_warned"] > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_true_warnings_help_with_every_seed_and_lies_alone_brake_nothing_with_any() -> None:
    found = repeated(1, 40, SEEDS)
    for gain in ("loss_spared_percent", "seconds_gained_where_warned"):
        assert found[gain]["least"] > 0
        assert found[gain]["from"] > 0, "the interval of the mean leaves out none at all"
    assert found["false_brakes_by_liars"]["most"] == 0
    assert found["false_brakes_if_all_were_trusted"]["from"] > 0, "lies would do harm"
    amid = found["ordinary_alerts_amid_an_attack"]
    truth, both = (
        found["brakes_on_those_by_true_warnings"],
        found["brakes_on_those_with_lies_besides"],
    )
    assert amid["least"] > 100
    assert found["brakes_on_those_without_signals"]["most"] == 0
    assert truth["mean"] <= both["mean"] < 0.05 * amid["mean"], "the price of tightening, told"
    assert found["brakes_on_those_that_rest_on_a_lie"]["most"] == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_brake_amid_an_attack_rests_on_a_lie() -> None:
    """Lies among true warnings have a weightier word count, and none weightier than a true one."""
    ours = simulate(7, 200)
    assert ours.by_both > ours.by_truth, "lies do bring brakes about"
    assert ours.on_lies == 0, "and true words bear out each of them"
    assert simulate(7, 200, trusting).on_lies > 0, "which tells, were every word counted"


def test_a_campaign_is_the_same_whoever_listens() -> None:
    ours, alone = simulate(3, 12), simulate(3, 12, deaf)
    assert simulate(3, 12) == ours
    assert (len(ours.seconds), ours.chances, ours.amid) == (
        len(alone.seconds),
        alone.chances,
        alone.amid,
    )
