"""How many witnesses a brake needs, over every scope, flag, expiry and vote."""

from hypothesis import given
from hypothesis import strategies as st

from responders import policy
from responders.decision import Surroundings, gathered
from responders.evidence import families, rules_broken
from responders.guard import GuardState
from schemas.alerts import Vote
from tests.unit.responders.examples import alert, brake, manifest
from tests.votes import votes

KINDS = (("amounts",), ("calls",), ("amounts", "calls"), ("prices",), ("requests",), ())


@given(
    said=votes(KINDS),
    scope=st.sampled_from(["T1", "T2", "T3"]),
    lapses=st.booleans(),
    alone=st.booleans(),
)
def test_one_witness_is_enough_only_for_what_lapses_or_for_a_pause_whose_manifest_says_so(
    said: tuple[Vote, ...], scope: str, *, lapses: bool, alone: bool
) -> None:
    seen, pulled = alert(votes=said), brake(scope=scope, one_detector_may_pause=alone)
    needed = policy.needed(pulled, seen, lapses=lapses)
    by_rule = scope == "T1" and rules_broken(seen) > 0
    may = lapses or scope != "T1"
    assert needed == (1 if may and (alone or by_rule) else 2)

    around = Surroundings(guard=GuardState(), head=seen.block, lapses=lapses)
    inputs = gathered(seen, pulled, manifest(pulled), around)
    if policy.objection(inputs) or inputs.requested:
        return
    assert scope != "T3"
    assert families(seen) >= needed
    if scope == "T1" and not lapses:
        assert families(seen) >= 2, "no flag makes a brake without an end cheaper"
