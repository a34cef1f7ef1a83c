"""What an alert on another transaction can do to a decision, whoever made it."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.decision import Decision, Surroundings, decide
from responders.evidence import families
from responders.groups import Lane
from responders.guard import GuardState
from responders.halt import bayes_factor
from responders.lanes import Lanes
from responders.linkage import Heard, Link
from schemas.alerts import Alert
from tests.unit.responders.examples import POOL, alert, brake, costs, manifest, vote
from tests.unit.responders.test_lanes import MESSAGE
from tests.votes import votes

HONEST, DECOY, VAULT = ("0x" + 20 * two for two in ("a1", "d1", "cc"))
MANIFEST = manifest(brake(), halt=costs(prior=0.0005))
WINDOW = MANIFEST.limits.alert_blocks
KINDS = (("amounts",), ("calls",), ("prices", "volatility"), ())
AROUND = Surroundings(guard=GuardState(), head=101)

changes = st.fixed_dictionaries(
    {
        "block": st.sampled_from([101, 100, 102, 101 - WINDOW, 100 - WINDOW, 102 + WINDOW]),
        "votes": votes(KINDS),
        "p_value": st.sampled_from([0.0, 1e-9, 1e-6, 1e-4, 1e-3, 0.01]),
        "losing": st.sampled_from([(), (POOL,), (VAULT,), (POOL, VAULT)]),
        "phase": st.sampled_from(["head", "head", "pending"]),
        "subject": st.sampled_from(["transaction", "transaction", "deployment"]),
    }
)
decoys = st.lists(changes, max_size=6).map(
    lambda made: [
        alert(1, id=f"{n:064x}", tx=f"0x{n:064x}", sender=DECOY, **one)
        for n, one in enumerate(made, 10)
    ]
)
honest = st.builds(
    lambda kinds, p_value, losing: alert(
        1,
        sender=HONEST,
        votes=(vote("lonely", made_from=kinds),),
        p_value=p_value,
        losing=losing,
    ),
    st.sampled_from(KINDS),
    st.sampled_from([1e-9, 1e-6, 1e-4, 1e-3]),
    st.sampled_from([(), (POOL,), (VAULT,)]),
)


def link(one: Alert, others: list[Alert]) -> Link | None:
    """What the lanes find for an alert behind these others."""
    lanes = Lanes({MANIFEST.protocol: MANIFEST}, lambda *_: True)
    for other in (*others, one):
        lanes.add(Heard(MESSAGE, other), 0.0)
    told = (heard for heard, _ in lanes.take(Lane.REST) if heard.alert.id == one.id)
    return next((heard.link for heard in told if heard.link is not None), None)


def decided(one: Alert, found: Link | None = None) -> Decision:
    return decide(one, MANIFEST.brakes[0], MANIFEST, replace(AROUND, link=found))


def factor(decision: Decision) -> float:
    return next(term.value for term in decision.terms if term.name == "bayes_factor")


@settings(max_examples=300, deadline=None)
@given(honest, decoys)
def test_a_decoy_makes_nobody_s_alert_stronger_and_speaks_only_of_what_it_took(
    one: Alert, others: list[Alert]
) -> None:
    found = link(one, others)
    if found is None:
        return
    assert set(found.alert.losing) & set(one.losing)
    assert abs(found.alert.block - one.block) <= WINDOW
    assert (found.alert.phase, found.alert.subject) == ("head", "transaction")
    assert families(found.seen_with(one)) > families(one)
    decision = decided(one, found)
    worth = bayes_factor(max(one.p_value, found.alert.p_value) / one.budget)
    assert factor(decision) <= worth
    assert worth <= bayes_factor(one.p_value)


@settings(max_examples=300, deadline=None)
@given(honest, decoys)
def test_what_may_be_braked_alone_may_be_whatever_else_alerts(
    one: Alert, others: list[Alert]
) -> None:
    if decided(one).allowed:
        found = link(one, others)
        assert decided(one, found).allowed
