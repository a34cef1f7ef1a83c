"""The bucket that is asked for keeps every stretch of time within what may be lost."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.allowance import capacity, worst
from schemas.loss import Asset, Loss

unhurried = settings(deadline=None, derandomize=True)
money = st.decimals(0, 10**12, places=2)
seconds = st.decimals(0, 10**6, places=1)
windows = st.integers(1, 10**6)


def passed(size: Decimal, window: int, time: Decimal) -> Decimal:
    """The most that a full bucket lets through in this time."""
    return size + time * size / window


@unhurried
@given(money, seconds, windows, seconds)
def test_a_bucket_passes_at_most_what_is_allowed(
    allowable: Decimal, until: Decimal, window: int, time: Decimal
) -> None:
    size = capacity(allowable, until, window)
    assert abs(passed(size, window, until) - allowable) <= allowable * Decimal("1e-20")
    if time <= until:
        assert passed(size, window, time) <= allowable * (1 + Decimal("1e-20"))


@unhurried
@given(money, money, st.none() | money, st.floats(0, 1e5), st.floats(0, 1e5))
def test_the_worst_is_never_more_than_there_is_and_grows_with_time(
    rate: Decimal, held: Decimal, known: Decimal | None, time: float, more: float
) -> None:
    asset = Asset(
        token="DAI", price=Decimal(1), allowable=held, single_transaction=known,
        loss_per_second=rate,
    )  # fmt: skip
    times = [
        Loss(detect_seconds=0, decide_seconds=0, include_seconds=t) for t in (time, time + more)
    ]
    now, later = (worst(asset, loss, held) for loss in times)
    assert now <= later <= held
    assert worst(asset, times[0], None) >= now
