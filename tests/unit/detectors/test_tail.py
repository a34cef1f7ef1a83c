import math
import random

import orjson
import pytest

from detectors.tail import BINS, OnlineTail, Reference


def exponential(count: int, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return [chance.expovariate(1.0) for _ in range(count)]


def taught(count: int) -> OnlineTail:
    tail = OnlineTail()
    for score in exponential(count):
        tail.learn(score, 1.0)
    return tail


def test_without_any_scores_nothing_is_rare() -> None:
    assert OnlineTail().rarity(0.0).p_value == 1.0


def test_the_p_value_of_a_score_is_its_true_tail_probability() -> None:
    tail = taught(10_000)
    for score in (1.0, 2.0, 4.0, 6.0, 8.0):
        assert math.log(tail.rarity(score).p_value) == pytest.approx(-score, abs=0.6)


def test_false_alarms_stay_within_the_budget_on_scores_never_seen() -> None:
    tail, fresh = taught(4_000), exponential(20_000, seed=2)
    for budget in (1 / 100, 1 / 400):
        alarms = sum(tail.rarity(score).p_value <= budget for score in fresh)
        assert alarms / len(fresh) == pytest.approx(budget, rel=0.5)


def test_beyond_the_history_the_tail_is_fitted_and_says_so() -> None:
    tail = taught(1_000)
    assert tail.rarity(0.5).tail == "empirical"
    assert tail.rarity(30.0).tail == "fitted"
    assert OnlineTail(Reference([100.0] * 8)).rarity(30.0).tail == "prior"


def test_the_p_value_never_rises_with_the_score() -> None:
    tail = taught(3_000)
    values = [tail.rarity(step / 10).p_value for step in range(700)]
    assert values == sorted(values, reverse=True)
    assert values[-1] > 0.0


def test_few_exceedances_give_a_heavier_tail_than_many() -> None:
    assert taught(200).rarity(20.0).p_value > taught(20_000 - 1).rarity(20.0).p_value


def test_the_threshold_follows_what_was_learned_as_if_fitted_at_once() -> None:
    tail = OnlineTail(Reference([3.3, 0.1] * 10))
    for number, score in enumerate(exponential(25_000)):  # far enough for counts to fade
        tail.learn(score, 0.05 if number % 7 == 0 else 1.0)
    stood = tail._threshold, tail._above, tail._excess, tail._total, tail._learned
    tail._fit()
    assert (tail._threshold, tail._above, tail._excess, tail._total, tail._learned) == stood


def test_sums_of_counts_are_exact_in_any_order() -> None:
    chance = random.Random(5)
    scores = [chance.expovariate(0.2) for _ in range(5_000)]
    tails = []
    for _ in range(2):
        chance.shuffle(scores)
        tail = OnlineTail(Reference([0.1, 0.7, 1 / 3]))
        for score in scores:
            tail.learn(score, 0.05)
        tails.append([tail.p_value(step / 10) for step in range(700)])
    assert tails[0] == tails[1]


def test_p_values_are_those_of_plain_counting() -> None:
    reference = [5.5] * 20
    tail, scores = OnlineTail(Reference(reference)), exponential(3_000, seed=4)
    for score in scores:
        tail.learn(score, 1.0)
    for score in (0.1, 0.6, 1.1, 2.3):
        index = int(score / 0.25)
        above = sum(reference[index:]) + sum(int(other / 0.25) >= index for other in scores)
        assert tail.p_value(score) == pytest.approx((above + 1) / 3111, rel=1e-12)


def test_the_distant_past_fades() -> None:
    tail = OnlineTail()
    for _ in range(25_000):
        tail.learn(10.0, 1.0)
    old = tail.rarity(5.0).p_value
    for _ in range(60_000):
        tail.learn(0.0, 1.0)
    assert old == pytest.approx(1.0)
    assert tail.rarity(5.0).p_value < 0.2


def test_a_score_beyond_the_last_bin_is_counted_in_it() -> None:
    tail = OnlineTail()
    tail.learn(1e9, 1.0)
    assert tail.dump()["counts"] == {str(BINS - 1): 1.0}


def test_a_snapshot_gives_the_same_p_values_to_the_last_bit() -> None:
    tail = taught(777)
    copy = OnlineTail()
    copy.load(orjson.loads(orjson.dumps(tail.dump())))
    for score in exponential(500, seed=3):
        assert copy.rarity(score) == tail.rarity(score)
        tail.learn(score, 0.05)
        copy.learn(score, 0.05)
    assert copy.dump() == tail.dump()


def test_many_scores_at_once_teach_what_one_by_one_do() -> None:
    one, many, scores = OnlineTail(), OnlineTail(), exponential(25_000)  # some counts fade
    for start in range(0, len(scores), 14):
        part = scores[start : start + 14]
        many.learn_all(part)
        for score in part:
            one.learn(score, 1.0)
        assert [many.p_value(step) for step in range(20)] == [one.p_value(s) for s in range(20)]
    assert many.dump() == one.dump()


def test_no_score_up_to_the_ordinary_is_as_rare_as_what_it_was_asked_for() -> None:
    tail = OnlineTail()
    for score in exponential(3_000):
        tail.learn(score, 1.0)
        for rare in (0.5, 0.01, 0.001):
            assert tail.p_value(tail.ordinary(rare)) > rare
    assert tail.ordinary(0.001) > 3.0
