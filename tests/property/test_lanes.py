"""Whatever is answered together: if any of it may pull a brake, the one that speaks for it may."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.decision import Surroundings, decide
from responders.groups import Lane, alike, lane_of
from responders.guard import GuardState
from responders.lanes import Lanes
from responders.linkage import Heard
from responders.policy import ladder
from schemas.alerts import Alert
from tests.unit.responders.examples import POOL, alert, brake, costs, manifest
from tests.unit.responders.test_lanes import MESSAGE
from tests.votes import votes

VAULT, ELSEWHERE = "0x" + "cc" * 20, "0x" + "ee" * 20
KINDS = (("amounts",), ("calls",), ("prices", "volatility"), ("volatility",), ())
MANIFEST = manifest(
    brake(name="cap", scope="T1", target=VAULT),
    brake(),
    brake(name="one", target=VAULT, guards=(VAULT,), one_detector_may_pause=True),
    brake(name="other", target=POOL, guards=(POOL,)),
    brake(name="all", scope="T3", target="0x" + "dd" * 20),
    halt=costs(prior=0.0005),
)
alerts = st.builds(
    lambda number, **changes: alert(1, tx="0x" + f"{number:064x}", **changes),
    number=st.integers(0, 2**32),
    votes=votes(KINDS),
    p_value=st.sampled_from([1e-9, 1e-6, 1e-4, 1e-3, 0.01, 0.2]),
    losing=st.sampled_from([(), (POOL,), (VAULT,), (POOL, VAULT)]),
    involved=st.sampled_from([(), (POOL,), (VAULT,), (POOL, VAULT), (ELSEWHERE,)]),
    phase=st.sampled_from(["head", "pending"]),
)
around = st.builds(
    lambda head, lapses, narrower, risk: Surroundings(
        guard=GuardState(), head=head, lapses=lapses, narrower=narrower, still_at_risk=risk
    ),
    st.sampled_from([101, 127]),
    st.booleans(),
    st.integers(0, 1),
    st.sampled_from([None, 0.0, 1e6]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(alerts, min_size=1, max_size=8, unique_by=lambda one: one.tx), around)
def test_nothing_is_lost_by_answering_together(given_: list[Alert], seen: Surroundings) -> None:
    lanes = Lanes({MANIFEST.protocol: MANIFEST}, lambda *_: True)
    for one in given_:
        lanes.add(Heard(MESSAGE, one), 0.0)
    groups = list(lanes.take(Lane.REST))
    assert sum(count for _, count in groups) == len(given_)
    told = [h.link.seen_with(h.alert) if h.link else h.alert for h, _ in groups]
    order = [lane_of(one, MANIFEST) for one in told]
    assert order == sorted(order)
    for brake_ in ladder(MANIFEST):
        for one in given_:
            if one.phase == "pending":
                continue
            if decide(one, brake_, MANIFEST, seen).allowed:
                speakers = [heard for heard, _ in groups if alike(heard.alert) == alike(one)]
                assert any(
                    decide(h.alert, brake_, MANIFEST, replace(seen, link=h.link)).allowed
                    for h in speakers
                )


@settings(max_examples=200, deadline=None)
@given(alerts, around)
def test_what_may_pull_a_brake_is_never_in_the_last_lane(one: Alert, seen: Surroundings) -> None:
    for brake_ in ladder(MANIFEST):
        if decide(one, brake_, MANIFEST, replace(seen, narrower=0)).allowed:
            assert lane_of(one, MANIFEST) is not Lane.REST
