"""Whatever was decided can be decided again from the action, and nothing in it can be bent."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from responders.actions import told as room
from responders.decision import judge
from responders.inputs import Inputs
from responders.rederive import rederive
from schemas.actions import Action, Heard, Term, Warned
from schemas.activities import Activity
from schemas.codec import decode, encode
from schemas.errors import PoisonRecordError
from schemas.reach import Link, Option, Place, Reach
from tests.unit.responders.examples import POOL, inputs
from tests.unit.responders.test_guard import action

unhurried = settings(deadline=None, derandomize=True)
money = st.floats(0, 1e12)
flags = st.sampled_from([0.0, 1.0])
few = st.integers(0, 3).map(float)
told_by_neighbours = st.builds(
    Heard,
    issuers=st.integers(0, 20),
    unmasked=st.integers(0, 5),
    warnings=st.lists(
        st.builds(Warned, issuer=st.just(POOL), signal=st.just("0" * 64), ratio=st.floats(1, 1e6)),
        max_size=8,
    ).map(tuple),
)


numbers = st.integers(0, 3)
reaches = st.builds(
    Reach,
    brake=st.sampled_from(["a", "b", "elsewhere"]),
    places=st.lists(
        st.builds(Place, name=st.just("p"), at_risk=money, begins=st.booleans()),
        min_size=4,
        max_size=4,
    ).map(tuple),
    links=st.lists(st.builds(Link, source=numbers, target=numbers), max_size=5).map(tuple),
    options=st.tuples(
        st.builds(Option, brake=st.just("a"), cost=money, place=st.none() | numbers),
        st.builds(Option, brake=st.just("b"), cost=money, place=st.none() | numbers),
    ),
)


@st.composite
def cases(draw: st.DrawFn) -> Inputs:
    reach = draw(st.none() | reaches)
    among = draw(st.none() | st.floats(1, 1e6))
    return replace(
        inputs(),
        looked_among=among,
        linked=None if among is None else "0" * 64,
        reach=reach,
        on_graph=float(reach is not None),
        heard=draw(st.none() | told_by_neighbours),
        scope=draw(st.sampled_from(["T1", "T2", "T3"])),
        also_stops=draw(st.frozensets(st.sampled_from([a.value for a in Activity]))),
        withdrawn=draw(flags),
        elsewhere=draw(flags),
        volatility_only=draw(flags),
        families_agreeing=draw(few),
        families_needed=draw(few),
        narrower_brakes=draw(few),
        renewal=draw(flags),
        stated_prior=draw(st.floats(1e-6, 0.999)),
        p_value=draw(st.floats(0, 1)),
        false_halt_cost=draw(money),
        halt_cost=draw(money),
        value_exposed=draw(money),
        loss_per_second=draw(money),
        decoy_prior=draw(st.floats(0, 1)),
        griefing_gain=draw(money),
        attacker_cost=draw(st.none() | money),
        bucket_capacity=draw(st.none() | money),
        bucket_refill=draw(money),
        blocks_behind=draw(st.integers(0, 100).map(float)),
        still_at_risk=draw(st.none() | money),
        brakes_left=draw(few),
        cooldown_left=draw(few),
    )


def told(given: Inputs) -> Action:
    """The action that says what was decided, as it travels."""
    decision = judge(given)
    said = msgspec.structs.replace(
        action("authorised" if decision.allowed else "refused"),
        scope=given.scope,
        **room(decision.terms),
        also_stops=decision.also_stops,
        heard=decision.beside.heard,
        reach=decision.beside.reach,
        linked=decision.beside.linked,
    )
    return decode(encode(said), Action)


@unhurried
@given(cases())
def test_every_decision_is_derived_again(case: Inputs) -> None:
    again = rederive(told(case))
    assert again.equal, again.differences
    assert again.allowed == judge(case).allowed


@unhurried
@given(cases())
def test_the_other_verdict_is_noticed(case: Inputs) -> None:
    said = told(case)
    other = "refused" if said.state == "authorised" else "authorised"
    assert not rederive(msgspec.structs.replace(said, state=other)).equal


@unhurried
@given(cases())
def test_a_linked_alert_that_was_left_out_or_made_up_is_noticed(case: Inputs) -> None:
    said = told(case)
    other = None if said.linked else "0" * 64
    with pytest.raises(PoisonRecordError, match="linked"):
        rederive(msgspec.structs.replace(said, linked=other))


@unhurried
@given(cases(), st.data())
def test_a_computed_number_that_was_bent_is_noticed(case: Inputs, data: st.DataObject) -> None:
    said = told(case)
    computed = {"bayes_factor", "prior", "probability", "avoidable_loss", "expected_loss"}
    computed |= {"decoy", "griefing_factor"}
    every = (*said.terms, *said.further)
    place = data.draw(st.sampled_from([n for n, t in enumerate(every) if t.name in computed]))
    term = every[place]
    assume(term.value > 1e-200)
    bent = Term(name=term.name, value=term.value * 1.01, unit=term.unit)
    terms = (*every[:place], bent, *every[place + 1 :])
    found = rederive(msgspec.structs.replace(said, **room(terms)))
    assert any(term.name in difference for difference in found.differences)
