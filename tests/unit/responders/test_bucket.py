from decimal import Decimal

from responders.allowance import capacity
from responders.bucket import Limits
from tests.bucket_model import Bucket

HOUR = 3600


def test_capacity_is_the_loss_over_one_plus_the_time_in_windows() -> None:
    assert capacity(Decimal(3_000_000), Decimal(2 * HOUR), HOUR) == 1_000_000
    assert capacity(Decimal(3_000_000), Decimal(0), HOUR) == 3_000_000


def test_it_empties_and_refills() -> None:
    bucket = Bucket.full(Limits(100, 2), 1000)
    assert bucket.charged(101, 1000) is None
    empty = bucket.charged(100, 1000)
    assert empty is not None
    assert [empty.available(1000 + passed) for passed in (0, 10, 49, 50, 51)] == [
        0,
        20,
        98,
        100,
        100,
    ]


def test_a_tightening_stands_then_returns_in_a_straight_line() -> None:
    bucket = Bucket.full(Limits(1000, 10), 0)
    tight = bucket.tightened(Limits(100, 0), seconds=60, ramp=HOUR, time=0)
    assert [tight.limits(time) for time in (0, 60, 60 + HOUR // 2, 60 + HOUR)] == [
        Limits(100, 0),
        Limits(100, 0),
        Limits(550, 5),
        Limits(1000, 10),
    ]
    assert tight.available(60) == 100
    assert tight.available(60 + 60) == 100 + 60 * (0 + 0) // 2
    assert tight.available(60 + HOUR) == 1000


def test_the_owner_narrows_at_once_and_widens_by_ramp() -> None:
    bucket = Bucket.full(Limits(1000, 10), 0).reset(Limits(2000, 5), ramp=HOUR, time=0)
    assert bucket.limits(0) == Limits(1000, 5)
    assert bucket.limits(HOUR // 2) == Limits(1500, 5)
    assert bucket.limits(HOUR) == Limits(2000, 5)
