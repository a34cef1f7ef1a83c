"""What leaves the protocol: at once, in many steps, as a share of all, and for nothing."""

import math
import random

from detectors.api import Detector, Scope
from detectors.baseline import Prior
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.builtin.one_sided import OneSided
from detectors.cusum import Cusum
from detectors.flows import NOBODY
from detectors.samples import CHAIN, PROTOCOL
from schemas.chain import Transaction
from tests.unit.detectors.scenes import POOL, SHARE, THIEF, USER, VAULT, flow, scope, tx

UNIT = 10**18


def deposit(amount: int) -> Transaction:
    return tx(flows=(flow(USER, VAULT, amount * UNIT), flow(VAULT, USER, amount * UNIT, SHARE)))


def withdrawal(amount: int) -> Transaction:
    return tx(flows=(flow(USER, VAULT, amount * UNIT, SHARE), flow(VAULT, USER, amount * UNIT)))


def payout(amount: int, to: str = USER) -> Transaction:
    return tx(flows=(flow(VAULT, to, amount * UNIT),))


def taught(make: type[Detector]) -> Detector:
    found = make(scope())
    for number in range(100):
        amount = 90 + number % 20
        for each in (deposit(2 * amount), withdrawal(amount), payout(1 + number % 3)):
            found.learn_one(found.features(each), 1.0)
    return found


def score(subject: Detector, of: Transaction) -> float:
    return subject.score_one(subject.features(of))


def test_a_large_outflow_stands_out_and_an_ordinary_one_does_not() -> None:
    subject = taught(AssetOutflow)
    assert score(subject, withdrawal(100)) < 4.0
    assert score(subject, withdrawal(9_000)) > 10.0


def test_most_of_what_is_there_stands_out_even_where_amounts_vary_widely() -> None:
    subject = AssetOutflow(scope())
    for amount in (1, 10, 100, 1_000, 10_000):
        for each in (deposit(2 * amount), withdrawal(amount)):
            subject.learn_one(subject.features(each), 1.0)
    features = subject.features(withdrawal(11_000))
    assert 0.9 < features["share:" + flow(VAULT, USER, 1).token] <= 1.01
    assert score(subject, withdrawal(11_000)) > 2.0


def test_many_outflows_above_the_ordinary_stand_out_though_each_is_none() -> None:
    chance, subject = random.Random(0), Cusum(Prior(0.0, 1.0), 1e-9)
    for _ in range(300):
        subject.learn(chance.lognormvariate(0.0, 1.0), 1.0)
    calm, high = subject.surprise(1.0), math.exp(2.2)
    for _ in range(6):
        subject.learn(high, 1.0)
    assert subject.surprise(high) > calm + 6.0
    for _ in range(20):
        subject.learn(1.0, 1.0)
    assert subject.surprise(1.0) == 0.0


def test_what_moves_inside_the_protocol_has_not_left_it() -> None:
    assert AssetOutflow(scope()).features(tx(flows=(flow(VAULT, POOL, UNIT),))) == {}


def test_giving_for_nothing_stands_out_by_its_size() -> None:
    subject = taught(OneSided)
    assert score(subject, payout(2)) < 3.0
    assert score(subject, payout(5_000, THIEF)) > 6.0
    told = subject.explain_one(subject.features(payout(5_000)), payout(5_000))
    assert "nothing came back" in told.reasons[0].text


def test_a_large_exchange_at_the_usual_rate_is_fair() -> None:
    assert score(taught(OneSided), withdrawal(50_000)) < 1.0


def test_a_worse_rate_than_ever_stands_out() -> None:
    subject = taught(OneSided)
    cheated = tx(flows=(flow(THIEF, VAULT, UNIT, SHARE), flow(VAULT, THIEF, 500 * UNIT)))
    assert score(subject, cheated) > 5.0


def joined(assets: float, shares: float) -> Transaction:
    """The pool mints its own token, the share, for what comes in."""
    return tx(
        flows=(
            flow(USER, POOL, int(assets * UNIT)),
            flow(NOBODY, USER, int(shares * UNIT), POOL),
        )
    )


def left(assets: float, shares: float) -> Transaction:
    return tx(
        flows=(
            flow(USER, NOBODY, int(shares * UNIT), POOL),
            flow(POOL, USER, int(assets * UNIT)),
        )
    )


def shared() -> Detector:
    """A pool whose shares are worth 1.1 and, by interest, a little more every time."""
    found = OneSided(scope())
    for number in range(150):
        worth = 1.1 * 1.00001**number
        size = 1 + number % 17
        for each in (joined(size * worth, size), left(size * worth / 2, size / 2)):
            found.learn_one(found.features(each), 1.0)
    return found


def test_shares_that_are_worth_more_than_they_ever_were_stand_out() -> None:
    subject = shared()
    assert score(subject, left(2 * 1.1, 1.0)) > 10.0
    reasons = subject.explain_one(subject.features(left(2.2, 1.0)), left(2.2, 1.0)).reasons
    assert "left for the shares that were burned" in reasons[0].text


def test_a_share_that_nobody_ever_gave_back_excuses_nothing() -> None:
    subject = taught(OneSided)
    excused = tx(flows=(flow(USER, NOBODY, 1, POOL), flow(VAULT, USER, 9_000 * UNIT)))
    assert score(subject, excused) > 5.0


def test_shares_minted_for_too_little_stand_out() -> None:
    assert score(shared(), joined(1.1, 2.0)) > 10.0


def test_shares_for_what_they_are_worth_are_quiet_however_many() -> None:
    subject = shared()
    assert score(subject, left(11_000.0, 10_000.0)) < 1.5
    assert score(subject, joined(11_000.0, 10_000.0)) < 1.5


def test_without_a_manifest_every_party_besides_the_initiators_is_looked_at() -> None:
    subject = OneSided(Scope(CHAIN, PROTOCOL))
    features = subject.features(tx(to=THIEF, sender=USER, flows=(flow(VAULT, USER, UNIT),)))
    assert list(features) == [f"unpaid:{flow(VAULT, USER, 1).token}"]
