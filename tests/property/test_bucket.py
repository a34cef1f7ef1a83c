"""No sequence of withdrawals, tightenings and resets lets more out than C + r * T."""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.allowance import capacity
from responders.bucket import Limits
from tests.bucket_model import Bucket

unhurried = settings(deadline=None, derandomize=True, max_examples=400)
RAMP = 3600
WIDEST = Limits(10_000, 5)
limits = st.builds(Limits, st.integers(0, WIDEST.capacity), st.integers(0, WIDEST.rate))
wait = st.integers(0, 3 * RAMP)


@dataclass(frozen=True)
class Step:
    what: str
    wait: int
    value: int
    to: Limits
    seconds: int


steps = st.lists(
    st.builds(
        Step,
        what=st.sampled_from(["charge", "drain", "charge", "drain", "tighten", "reset"]),
        wait=wait,
        value=st.integers(0, WIDEST.capacity),
        to=limits,
        seconds=st.integers(1, 2 * RAMP),
    ),
    max_size=30,
)


def taken(bucket: Bucket, step: Step, time: int) -> tuple[Bucket, int]:
    """Take a step; return the bucket after it and what left."""
    if step.what == "tighten":
        return bucket.tightened(step.to, seconds=step.seconds, ramp=RAMP, time=time), 0
    if step.what == "reset":
        return bucket.reset(step.to, ramp=RAMP, time=time), 0
    value = bucket.available(time) if step.what == "drain" else step.value
    after = bucket.charged(value, time)
    return (bucket, 0) if after is None else (after, value)


@unhurried
@given(limits, steps)
def test_what_leaves_is_bounded_over_every_span(first: Limits, plan: list[Step]) -> None:
    time, bucket, left = 0, Bucket.full(first, 0), [(0, 0)]
    widest = first
    for step in plan:
        time += step.wait
        bucket, value = taken(bucket, step, time)
        if step.what == "reset":
            widest = Limits(*map(max, widest, step.to))
        left.append((time, value))
    for at, (began, _) in enumerate(left):
        for upto in range(at, len(left)):
            span = left[upto][0] - began
            assert sum(value for _, value in left[at : upto + 1]) <= widest.loss(span)


@unhurried
@given(limits, steps)
def test_a_tightening_bounds_what_leaves_while_it_stands(first: Limits, plan: list[Step]) -> None:
    bucket, time = Bucket.full(first, 0), 0
    for step in plan:
        time += step.wait
        if step.what == "tighten":
            after = bucket.tightened(step.to, seconds=step.seconds, ramp=RAMP, time=time)
            for passed in range(0, step.seconds + 1, max(1, step.seconds // 4)):
                held = after.limits(time + passed)
                assert held == held.narrower(step.to)
                assert after.available(time + passed) <= step.to.loss(passed)
        bucket, _ = taken(bucket, step, time)


@unhurried
@given(limits, steps, limits, st.integers(1, RAMP))
def test_a_tightening_widens_nothing_now_or_later(
    first: Limits, plan: list[Step], to: Limits, seconds: int
) -> None:
    bucket, time = Bucket.full(first, 0), 0
    for step in plan:
        time += step.wait
        bucket, _ = taken(bucket, step, time)
    tight = bucket.tightened(to, seconds=seconds, ramp=RAMP, time=time)
    for passed in (0, seconds, seconds + RAMP // 2, seconds + RAMP, 4 * RAMP):
        then = time + passed
        assert tight.available(then) <= bucket.available(then)
        assert tight.limits(then) == tight.limits(then).narrower(bucket.limits(then))


@unhurried
@given(limits, steps, limits)
def test_a_tightening_twice_is_a_tightening(first: Limits, plan: list[Step], to: Limits) -> None:
    bucket, time = Bucket.full(first, 0), 0
    for step in plan:
        time += step.wait
        bucket, _ = taken(bucket, step, time)
    once = bucket.tightened(to, seconds=60, ramp=RAMP, time=time)
    assert once.tightened(to, seconds=60, ramp=RAMP, time=time) == once


@unhurried
@given(limits, steps)
def test_left_alone_it_heals_to_what_the_owner_set(first: Limits, plan: list[Step]) -> None:
    bucket, time = Bucket.full(first, 0), 0
    for step in plan:
        time += step.wait
        bucket, _ = taken(bucket, step, time)
    healed = max(time, bucket.end) + WIDEST.capacity
    assert bucket.limits(healed) == bucket.after
    if bucket.after.rate:
        assert bucket.available(healed) == bucket.after.capacity


@unhurried
@given(st.integers(0, 10**30), st.integers(0, 10**6), st.integers(1, 10**6))
def test_limits_for_a_loss_keep_to_it(loss: int, seconds: int, window: int) -> None:
    with localcontext(prec=120):
        size = int(capacity(Decimal(loss), Decimal(seconds), window))
    found = Limits(size, size // window)
    assert found.loss(seconds) <= loss
    assert found.capacity <= loss
    assert (found.capacity + 1) * (window + seconds) > loss * window
