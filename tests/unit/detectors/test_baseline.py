import math
import random

import orjson
import pytest
from river import stats
from scipy.stats import t as student

from detectors.baseline import LARGEST_SURPRISE, Counts, Prior, Sizes, from_tail, to_tail
from detectors.tail import NO_REFERENCE

TINY = 1e-30


def sizes(mean: float = 0.0, spread: float = 1.0, weight: float = 10.0) -> Sizes:
    return Sizes(Prior(mean, spread, weight), TINY)


def test_without_history_the_prior_decides() -> None:
    baseline = sizes(mean=math.log(5.0), spread=2.0)
    assert baseline.expected() == pytest.approx(5.0)
    assert baseline.surprise(5.0) == 0.0
    assert baseline.surprise(4.0) == 0.0


def test_the_surprise_is_minus_ln_of_the_predictive_students_t_tail() -> None:
    expected = -student.logsf(4.0 / math.sqrt(1.1), df=9)
    assert sizes().surprise(math.exp(4.0)) == pytest.approx(expected)


def test_a_weak_prior_gives_way_to_what_is_seen() -> None:
    baseline = sizes(weight=5.0)
    chance = random.Random(1)
    for _ in range(1000):
        baseline.learn(chance.lognormvariate(20.0, 1.0), 1.0)
    assert baseline.expected() == pytest.approx(math.exp(20.0), rel=0.2)
    assert baseline.surprise(math.exp(28.0)) > 10.0


def test_river_is_the_oracle_for_mean_and_variance() -> None:
    oracle = stats.Var()
    for value in (1.0, 2.0, 3.0, 6.0):
        oracle.update(value)
    baseline = sizes(oracle.mean.get(), math.sqrt(oracle.get()), weight=4.0)
    chance = random.Random(2)
    for _ in range(500):
        value, weight = chance.gauss(3.0, 2.0), chance.choice((1.0, 0.05))
        baseline.learn(math.exp(value), weight)
        oracle.update(value, weight)
    n, mean, squares, *_ = baseline.dump()
    assert mean == pytest.approx(oracle.mean.get())
    assert squares / (n - 1.0) == pytest.approx(oracle.get())


def test_old_sizes_fade_so_that_a_new_regime_becomes_ordinary() -> None:
    baseline = sizes()
    chance = random.Random(3)
    for _ in range(10_000):
        baseline.learn(chance.lognormvariate(0.0, 1.0), 1.0)
    before = baseline.surprise(math.exp(10.0))
    for _ in range(6_000):
        baseline.learn(chance.lognormvariate(10.0, 1.0), 1.0)
    assert before > 20.0
    assert baseline.surprise(math.exp(10.0)) < 2.0


def test_an_impossible_size_has_a_finite_surprise() -> None:
    assert sizes(spread=1e-9, weight=2000.0).surprise(1e300) == LARGEST_SURPRISE


def test_a_count_never_seen_in_n_noughts_is_about_one_in_n() -> None:
    baseline = Counts(NO_REFERENCE)
    for _ in range(2_000):
        baseline.learn(0.0, 1.0)
    assert 7.0 < baseline.surprise(1.0) < 10.0
    assert baseline.surprise(1.0) < baseline.surprise(10.0) < baseline.surprise(1000.0)


def test_a_common_count_surprises_nobody() -> None:
    baseline = Counts(NO_REFERENCE)
    for number in range(1_000):
        baseline.learn(float(number % 3), 1.0)
    assert baseline.surprise(0.0) == 0.0
    assert baseline.surprise(2.0) == pytest.approx(math.log(3.0), abs=0.1)
    assert baseline.expected() == 1.0


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 500, 10_000])
def test_counts_survive_the_scale_of_the_tail(count: int) -> None:
    assert from_tail(to_tail(count)) == pytest.approx(count)
    assert to_tail(count) < 64.0


@pytest.mark.parametrize(
    ("baseline", "copy"), [(sizes(), sizes(3.0)), (Counts(NO_REFERENCE), Counts(NO_REFERENCE))]
)
def test_a_snapshot_is_exact(baseline: Sizes, copy: Sizes) -> None:
    for value in (0.1, 0.2, 1e9, 1e-9):
        baseline.learn(value, 0.3)
    copy.load(orjson.loads(orjson.dumps(baseline.dump())))
    assert copy.dump() == baseline.dump()
    assert copy.surprise(1e10) == baseline.surprise(1e10)
