"""A market that moves as it never did alerts; its ordinary life and calm do not."""

import pytest

from detectors.builtin.volatility import Volatility
from tests.unit.detectors.bars import alerts, bouncing, series, wandering, watch


def test_a_market_that_starts_to_jump_alerts() -> None:
    calm = wandering(1000, 1)
    wild = wandering(20, 2, calm[-1], 0.06)
    found = alerts(watch(Volatility), series("m", calm + wild))
    assert found
    assert found[0][0] >= 1000
    assert "is usual" in found[0][1].summary


@pytest.mark.parametrize("seed", range(3))
def test_a_market_that_always_jumps_is_quiet(seed: int) -> None:
    found = alerts(watch(Volatility), series("m", wandering(1500, seed, 1800.0, 0.02)))
    assert [number for number, _ in found if number > 100] == []


def test_calm_and_the_end_of_calm_within_a_fee_are_quiet() -> None:
    prices = [1.0] * 1000 + bouncing(200, 1, 1.0, 0.0015)
    assert not alerts(watch(Volatility), series("m", prices))
