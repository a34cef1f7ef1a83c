"""Whatever alerts arrive, in whatever order, the limits hold in every window of time."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from responders import guard
from responders.guard import GuardState, Request, Spent
from schemas.manifest import Limits
from tests.unit.responders.examples import inputs

unhurried = settings(deadline=None, derandomize=True)
limits = st.builds(
    Limits,
    brakes_per_window=st.integers(0, 3),
    window_seconds=st.integers(1, 300),
    cooldown_seconds=st.integers(0, 300),
    alert_blocks=st.integers(1, 5),
)
requests = st.lists(
    st.builds(
        Request,
        protocol=st.sampled_from(["meadow", "cellar"]),
        target=st.sampled_from(["a", "b", "c"]),
        time=st.integers(0, 1000),
        scope=st.sampled_from(["T1", "T2"]),
    ),
    max_size=40,
)


def admitted(asked: Sequence[Request], bounds: Limits) -> list[Request]:
    state, passed = GuardState(), []
    for number, request in enumerate(asked):
        standing = inputs(
            brakes_left=guard.brakes_left(state, request, bounds),
            cooldown_left=guard.cooldown_left(state, request, bounds),
        )
        if not guard.objection(standing):
            passed.append(request)
            spent = Spent(
                str(number), request.protocol, request.target, request.time, request.scope
            )
            state = GuardState((*state.spent, spent))
    return passed


@unhurried
@given(requests, limits)
def test_no_window_ever_holds_more_brakes_than_the_budget(
    asked: list[Request], bounds: Limits
) -> None:
    passed = admitted(asked, bounds)
    for kind in {(one.protocol, one.scope) for one in passed}:
        times = sorted(one.time for one in passed if (one.protocol, one.scope) == kind)
        for start in times:
            within = [t for t in times if start <= t < start + bounds.window_seconds]
            assert len(within) <= bounds.brakes_per_window


@unhurried
@given(requests, limits)
def test_no_target_is_braked_twice_within_its_cooldown(
    asked: list[Request], bounds: Limits
) -> None:
    passed = admitted(asked, bounds)
    for index, one in enumerate(passed):
        for other in passed[:index]:
            if (one.protocol, one.target) == (other.protocol, other.target):
                assert abs(one.time - other.time) >= bounds.cooldown_seconds


@unhurried
@given(st.integers(0, 100), st.integers(0, 100), st.none() | st.floats(0, 1e9))
def test_beyond_its_age_an_alert_passes_only_with_value_at_risk(
    behind: int, most: int, at_risk: float | None
) -> None:
    standing = inputs(blocks_behind=behind, alert_blocks=most, still_at_risk=at_risk)
    assert (guard.objection(standing) == "") is (behind <= most or bool(at_risk))
