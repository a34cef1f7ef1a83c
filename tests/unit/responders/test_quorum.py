import pytest

from responders.quorum import at_least, false_alarm, miss


def test_the_figures_that_the_ladder_rests_on() -> None:
    assert false_alarm(1, 3, 0.01) == pytest.approx(0.0287, abs=5e-5)
    assert false_alarm(2, 3, 0.01) == pytest.approx(0.00077, abs=5e-6)
    assert miss(1, 3, 0.1) == pytest.approx(0.0059, abs=5e-5)
    assert miss(2, 3, 0.1) == pytest.approx(0.0302, abs=5e-5)


def test_without_a_common_cause_it_is_the_binomial() -> None:
    assert false_alarm(2, 3, 0.1, beta=0.0) == pytest.approx(3 * 0.01 * 0.9 + 0.001)
    assert at_least(0, 3, 0.2) == pytest.approx(1.0)


def test_with_nothing_but_a_common_cause_a_quorum_is_one_detector() -> None:
    assert false_alarm(2, 3, 0.01, beta=1.0) == pytest.approx(0.01)
    assert miss(2, 3, 0.1, beta=1.0) == pytest.approx(0.1)
