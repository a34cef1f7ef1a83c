"""A brake is never worth more for coming later, and never saves what was not there."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responders.benefit import (
    YARDSTICK,
    Answer,
    Assumptions,
    Incident,
    answers,
    saved_share,
    worth,
)

unhurried = settings(deadline=None, derandomize=True)
shares = st.floats(0, 1)
minutes = st.floats(0, 1e7)
losses = st.floats(0, 1e11)
incidents = st.lists(
    st.builds(Incident, loss=losses, on_chain=st.booleans(), minutes=st.none() | minutes),
    min_size=1,
    max_size=12,
).map(lambda held: [*held, Incident(1.0, True, 60.0)])  # noqa: FBT003 - one to impute from


@st.composite
def assumed(draw: st.DrawFn) -> Assumptions:
    return Assumptions(
        atomic_share=draw(shares),
        first_share=draw(shares),
        drain_share=draw(shares),
        recall=draw(shares),
        brake_minutes=draw(st.floats(0, 30)),
    )


@unhurried
@given(st.lists(minutes, min_size=1), assumed())
def test_a_share_is_a_share(durations: list[float], given_: Assumptions) -> None:
    for answer in answers(given_):
        found = saved_share(np.array(durations), answer, given_)
        assert ((found >= 0) & (found <= 1)).all()


@unhurried
@given(minutes, minutes, minutes, assumed())
def test_a_later_answer_never_saves_more(
    one: float, other: float, duration: float, given_: Assumptions
) -> None:
    soon, late = sorted((one, other))
    saved = [
        saved_share(np.array([duration]), Answer("x", at, 1.0, False, 0.0), given_)[0]  # noqa: FBT003
        for at in (soon, late)
    ]
    assert saved[0] >= saved[1]


@unhurried
@given(incidents, assumed())
def test_nothing_saves_more_than_was_lost(held: list[Incident], given_: Assumptions) -> None:
    total = math.fsum(item.loss for item in held if item.on_chain)
    for item in worth(held, given_, samples=4):
        assert 0 <= item.averted.value <= total * (1 + 1e-9)
        assert item.net.value == pytest.approx(item.averted.value - item.cost)


@unhurried
@given(incidents, assumed())
def test_people_behind_it_never_save_less_than_it_alone(
    held: list[Incident], given_: Assumptions
) -> None:
    alone, with_people, *_ = worth(held, given_, samples=4)
    assert with_people.averted.value >= alone.averted.value * (1 - 1e-9)


@unhurried
@given(incidents, assumed(), st.integers(0, 99))
def test_one_seed_gives_one_answer(held: list[Incident], given_: Assumptions, seed: int) -> None:
    assert worth(held, given_, seed, 8) == worth(held, given_, seed, 8)


@unhurried
@given(incidents, assumed())
def test_doing_nothing_is_worth_nothing(held: list[Incident], given_: Assumptions) -> None:
    *_, never = worth(held, given_, samples=4)
    assert (never.averted.value, never.cost) == (0.0, 0.0)
    base = next(item for item in worth(held, given_, samples=4) if item.answer == YARDSTICK)
    assert base.above.value == base.above.low == base.above.high == 0.0
