import math
import random

import orjson
import pytest
from river import stats
from scipy.stats import t as student

from detectors.baseline import LARGEST_SURPRISE, Baseline, Prior


def test_without_history_the_prior_decides() -> None:
    baseline = Baseline(Prior(mean=5.0, spread=2.0, weight=10.0))
    assert baseline.mean == 5.0
    assert baseline.spread == pytest.approx(2.0 * math.sqrt(1.1))
    assert baseline.surprise(5.0) == 0.0
    assert baseline.surprise(4.0) == 0.0


def test_the_surprise_is_minus_ln_of_the_predictive_students_t_tail() -> None:
    baseline = Baseline(Prior(mean=0.0, spread=1.0, weight=10.0))
    expected = -student.logsf(4.0 / math.sqrt(1.1), df=9)
    assert baseline.surprise(4.0) == pytest.approx(expected)


def test_a_weak_prior_gives_way_to_what_is_seen() -> None:
    baseline = Baseline(Prior(mean=0.0, spread=1.0, weight=5.0))
    chance = random.Random(1)
    for _ in range(1000):
        baseline.learn(chance.gauss(100.0, 3.0), 1.0)
    assert baseline.mean == pytest.approx(100.0, abs=1.0)
    assert baseline.distance(130.0) > 3.0


def test_river_is_the_oracle_for_mean_and_variance() -> None:
    prior, oracle = [1.0, 2.0, 3.0, 6.0], stats.Var()
    for value in prior:
        oracle.update(value)
    baseline = Baseline(Prior(oracle.mean.get(), math.sqrt(oracle.get()), weight=len(prior)))
    chance = random.Random(2)
    for _ in range(500):
        value, weight = chance.gauss(3.0, 2.0), chance.choice((1.0, 0.05))
        baseline.learn(value, weight)
        oracle.update(value, weight)
    assert baseline.mean == pytest.approx(oracle.mean.get())
    assert baseline.dump()[2] / (baseline.dump()[0] - 1.0) == pytest.approx(oracle.get())


def test_old_observations_fade_so_that_a_new_regime_becomes_ordinary() -> None:
    baseline = Baseline(Prior(mean=0.0, spread=1.0))
    chance = random.Random(3)
    for _ in range(10_000):
        baseline.learn(chance.gauss(0.0, 1.0), 1.0)
    before = baseline.surprise(10.0)
    for _ in range(6_000):
        baseline.learn(chance.gauss(10.0, 1.0), 1.0)
    assert before > 20.0
    assert baseline.surprise(10.0) < 2.0


def test_an_impossible_value_has_a_finite_surprise() -> None:
    baseline = Baseline(Prior(mean=0.0, spread=1e-9, weight=2000.0))
    assert baseline.surprise(1e12) == LARGEST_SURPRISE


def test_a_snapshot_is_exact() -> None:
    baseline = Baseline(Prior(mean=0.1, spread=0.3))
    for value in (0.1, 0.2, 1e9, 1e-9):
        baseline.learn(value, 0.3)
    copy = Baseline(Prior(0.0, 1.0))
    copy.load(orjson.loads(orjson.dumps(baseline.dump())))
    assert copy.dump() == baseline.dump()
    assert copy.surprise(1e10) == baseline.surprise(1e10)
