"""Nobody teaches a baseline that an attack is ordinary: neither by poison nor step by step."""

import math
import random

import msgspec
import pytest

from detectors.baseline import Prior, Sizes
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.one_sided import OneSided
from detectors.host import NEAR_AT_ONCE, NEAR_PER_LEARNED, Host
from detectors.rules import Rules
from detectors.waiting import SUSPECT_WEIGHT, Lesson, Waiting
from schemas.chain import Transaction
from tests.unit.detectors.scenes import THIEF, USER, VAULT, flow, scope, tx, write

STEPS = 75
UNIT = 10**18
MAKES = {make.spec.name: make for make in (AssetOutflow, OneSided)}


def host(budget: float = 1 / 400) -> Host:
    rules = Rules(set_name="core", finality=2, budget=budget)
    return Host(scope(), rules, MAKES)


def payout(block: int, amount: float, to: str = USER) -> Transaction:
    return tx(
        block,
        block=block,
        index=0,
        block_hash=f"a{block}",
        flows=(flow(VAULT, to, int(amount * UNIT)),),
        writes=(write(0, 1),),
    )


def grown(count: int = 600, seed: int = 0) -> tuple[Host, random.Random]:
    chance, found = random.Random(seed), host()
    for block in range(count):
        found.take(payout(block, chance.lognormvariate(0.0, 0.5)))
    return found, chance


def alarm(of: Host, block: int) -> float:
    """The smallest amount that would alert at this point, to a tenth."""
    amount = 1.0
    while amount < 1e6:
        pending = payout(block, amount, THIEF)
        _, alert = of.take(msgspec.structs.replace(pending, phase="pending"))
        if alert is not None:
            return amount
        amount *= 1.1
    return amount


def walked(seed: int, short_of: float) -> float:
    """By what factor a walk just short of the alarm raises it."""
    subject, _ = grown(seed=seed)
    before = alarm(subject, 600)
    for step in range(STEPS):
        block = 600 + 3 * step
        subject.take(payout(block, alarm(subject, block) / short_of, THIEF))
    return alarm(subject, 600 + 3 * STEPS) / before


def test_a_walk_of_75_steps_just_below_the_alarm_gains_nothing() -> None:
    gains = [walked(seed, short_of) for seed in range(3) for short_of in (1.02, 1.15, 1.5)]
    assert max(gains) < 1.4
    assert math.prod(gains) ** (1 / len(gains)) < 1.1  # a tenth is as fine as the alarm is found


@pytest.mark.parametrize("poison", [10.0, 50.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_per_cent_of_poison_costs_one_attack_size_in_twenty(seed: int, poison: float) -> None:
    count = 1_500
    clean, _ = grown(count, seed)
    poisoned, chance = host(), random.Random(seed)
    for block in range(count):
        size = chance.lognormvariate(0.0, 0.5)
        poisoned.take(payout(block, poison if block % 100 == 50 else size))
    attacks = [3.0 * 1.2**power for power in range(20)]

    def caught(of: Host) -> int:
        threshold = alarm(of, count + 100)
        return sum(amount >= threshold for amount in attacks)

    assert caught(clean) - caught(poisoned) <= 0.05 * len(attacks)


def test_an_honest_new_regime_stops_alerting() -> None:
    subject, chance = grown()
    late = 0
    for block in range(600, 3_600):
        _, alert = subject.take(payout(block, 20.0 * chance.lognormvariate(0.0, 0.5)))
        late += alert is not None and block >= 2_600
    assert late <= 20


def test_the_share_of_alerts_settles_at_the_budget_where_sizes_have_heavy_tails() -> None:
    subject, chance = host(), random.Random(3)
    alerts = 0
    for block in range(20_000):
        _, alert = subject.take(payout(block, chance.paretovariate(0.8)))
        alerts += alert is not None and block >= 10_000
    assert alerts <= 2 * 10_000 / 400


def test_the_anchor_stands_still_for_an_epoch() -> None:
    chance = random.Random(1)
    subject = Sizes(Prior(0.0, 1.0), 1e-9)
    for _ in range(120):
        subject.learn(chance.lognormvariate(0.0, 1.0), 1.0)
    before = subject.surprise(math.exp(5.0))
    for _ in range(STEPS):
        subject.learn(math.exp(3.0), 1.0)
    assert subject.surprise(math.exp(5.0)) == pytest.approx(before, abs=1.5)


def test_near_misses_teach_at_full_weight_only_as_often_as_chance_brings_them() -> None:
    subject, _ = grown(50)
    near = Waiting(1, "a1", 0, "0x1", "", [None, None], suspect=False, near=True, view="storage")
    lesson = Lesson(near, 1.0, ours=True, theirs=True)
    weights = [subject._weight(lesson) for _ in range(STEPS)]
    assert sum(weight == 1.0 for weight in weights) <= NEAR_AT_ONCE + STEPS * NEAR_PER_LEARNED
    assert set(weights) == {1.0, SUSPECT_WEIGHT}
