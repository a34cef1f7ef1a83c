"""A detector that was trained on attacks has a share of the budget beside the sum of all."""

import math
import random

import pytest

from detectors.alerts import Opinion, View, fuse, reference
from detectors.api import Explanation, Spec
from detectors.tail import OnlineTail, Rarity

NOVEL = Spec(
    name="novel",
    version="1",
    summary="",
    technique="",
    warm_up=0,
    false_positives=(),
    blind_spots=(),
)
TRAINED = Spec(
    name="trained",
    version="1",
    summary="",
    technique="",
    warm_up=0,
    false_positives=(),
    blind_spots=(),
    trained=True,
)


def view(spec: Spec, p_value: float, *, spoke: bool = True) -> View:
    return View(spec, 0.0, Rarity(p_value, "prior"), 0, Explanation(), spoke=spoke)


def tail(learned: int) -> OnlineTail:
    """Sums of two detectors as chance brings them."""
    found = OnlineTail()
    for number in range(learned):
        found.learn(-math.log((number + 0.5) / learned), 1.0)
    return found


def told(novel: float, trained: float, learned: int, *, spoke: bool = True) -> Opinion:
    return fuse([view(NOVEL, novel), view(TRAINED, trained, spoke=spoke)], tail(learned))


def test_before_any_history_most_of_the_budget_is_the_models() -> None:
    assert told(1.0, 1e-4, 0).p_value == pytest.approx(1e-4 / 0.8, rel=0.01)


def test_with_a_history_most_of_the_budget_is_the_sums() -> None:
    calm = tail(40_000).rarity(math.log(1e3)).p_value
    assert told(1e-3, 1.0, 40_000).p_value == pytest.approx(calm / 0.8, rel=0.05)
    assert told(1.0, 1e-3, 40_000).p_value < 1e-3 / 0.2


def test_a_sum_that_rests_on_other_protocols_sums_counts_for_half_and_the_model_for_all() -> None:
    sums = [View(NOVEL, 0.0, Rarity(p, "prior"), 0, Explanation()) for p in (1e-3, 1e-3)]
    for learned, times in ((0, 2.0), (10, 1.5), (20_000, 1.0)):
        of = OnlineTail(reference(2))
        for _ in range(learned):
            of.learn(1.0, 1.0)
        sum_of_both = of.p_value(-2.0 * math.log(1e-3))
        assert fuse(sums, of).p_value == pytest.approx(times * sum_of_both, rel=0.01)
    assert told(1.0, 1e-5, 0).p_value == pytest.approx(0.1 * told(1.0, 1e-4, 0).p_value)


def test_a_model_that_was_not_asked_costs_the_others_nothing() -> None:
    asked, silent = told(1e-3, 1.0, 1_000), told(1e-3, 1.0, 1_000, spoke=False)
    assert silent.p_value < asked.p_value


@pytest.mark.parametrize("learned", [0, 400, 5_000])
def test_ordinary_transactions_alert_no_more_often_than_the_budget(learned: int) -> None:
    chance, budget, drawn = random.Random(learned), 0.02, 5_000
    of = OnlineTail(reference(2))
    for _ in range(learned):
        of.learn(-math.log(chance.random()) - math.log(chance.random()), 1.0)
    views = ([view(NOVEL, chance.random()), view(TRAINED, chance.random())] for _ in range(drawn))
    alerts = sum(fuse(each, of).p_value <= budget for each in views)
    assert alerts <= 1.2 * budget * drawn
