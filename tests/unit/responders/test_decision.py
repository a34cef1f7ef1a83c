from dataclasses import replace

import pytest

from responders.actions import told
from responders.decision import Decision, Surroundings, decide, judge
from responders.guard import GuardState, Spent
from responders.inputs import inputs_of, terms_of
from schemas.actions import MOST_TERMS, Heard, Term
from schemas.alerts import Alert
from schemas.chain import Posture
from schemas.errors import PoisonRecordError
from schemas.manifest import Manifest
from schemas.reach import Reach
from tests.unit.responders.examples import CHAIN, POOL, alert, brake, costs, inputs, manifest


def decided(
    given: Alert, by: Manifest, state: GuardState | None = None, **around: object
) -> Decision:
    seen = {"head": 101} | around
    surroundings = Surroundings(guard=state or GuardState(), **seen)  # type: ignore[arg-type]
    return decide(given, by.brakes[0], by, surroundings)


def numbers(decision: Decision) -> dict[str, float]:
    return {term.name: term.value for term in decision.terms}


def test_policy_halt_and_guard_must_all_agree() -> None:
    assert decided(alert(), manifest()).allowed


def test_policy_objects_first() -> None:
    assert "for people" in decided(alert(p_value=0.9), manifest(brake(scope="T3"))).reason


def test_a_weak_alert_does_not_justify_the_cost() -> None:
    decision = decided(alert(p_value=0.3), manifest(halt=costs(prior=1e-4)))
    assert not decision.allowed
    assert "too unlikely" in decision.reason


def test_the_guard_has_the_last_word() -> None:
    spent = Spent("b" * 64, "meadow", f"{CHAIN}:{POOL}", alert().timestamp)
    decision = decided(alert(), manifest(), GuardState((spent,)))
    assert not decision.allowed
    assert "budget" in decision.reason
    assert not decided(alert(), manifest(), head=127).allowed
    assert decided(alert(), manifest(), head=127, still_at_risk=1.0).allowed


def test_every_number_is_there_whoever_objected() -> None:
    given, by = alert(phase="pending"), manifest(brake(scope="T3"))
    decision = decided(given, by, head=103)
    terms = numbers(decision)
    assert terms["detectors_agreeing"] == terms["families_agreeing"] == 2.0
    assert terms["pending"] == 1.0
    assert terms["p_value"] == 1e-6
    assert terms["prior"] == 0.01
    assert terms["blocks_behind"] == 2.0
    assert terms.keys() >= {"bayes_factor", "probability", "avoidable_loss", "expected_loss"}
    assert terms["expected_loss"] == terms["probability"] * terms["avoidable_loss"]


def test_an_action_has_room_for_every_number() -> None:
    full = inputs(
        bucket_capacity=1.0,
        bucket_refill=1.0,
        still_at_risk=1.0,
        attacker_cost=1.0,
        heard=Heard(issuers=1),
        reach=Reach(),
        looked_among=1.0,
        linked="0" * 64,
    )
    assert None not in [getattr(full, name) for name in full.__slots__]
    terms = judge(full).terms
    room = told(terms)
    assert (*room["terms"], *room["further"]) == terms
    assert len(room["further"]) <= MOST_TERMS


def test_what_is_held_now_counts_before_what_the_manifest_says() -> None:
    assert numbers(decided(alert(), manifest()))["value_exposed"] == 5_000_000
    assert numbers(decided(alert(), manifest(), value_exposed=12.0))["value_exposed"] == 12.0
    emptied = decided(alert(), manifest(), value_exposed=0.0)
    assert not emptied.allowed
    assert "could save" in emptied.reason


def weighed(odds: float | None) -> dict[str, float]:
    posture = None if odds is None else Posture(mixer_fundings=1, odds=odds)
    return numbers(decided(alert(p_value=1e-3, posture=posture), manifest()))


def test_how_the_sender_prepared_raises_the_prior_and_nothing_else() -> None:
    plain, prepared = weighed(None), weighed(10.0)
    assert (plain["posture_odds"], prepared["posture_odds"]) == (1.0, 10.0)
    assert prepared["prior"] > plain["prior"]
    assert prepared["probability"] > plain["probability"]
    changed = {name for name in plain if plain[name] != prepared[name]}
    assert changed == {"posture_odds", "prior", "probability", "expected_loss"}


def test_terms_give_back_the_inputs() -> None:
    for given in (inputs(), inputs(bucket_capacity=5.0, bucket_refill=0.1, still_at_risk=0.0)):
        assert inputs_of(given.scope, given.also_stops, terms_of(given)) == given
        assert {type(term.value) for term in terms_of(given)} == {float}


def test_terms_that_lack_one_or_changed_its_unit_are_refused() -> None:
    given = inputs()
    terms = terms_of(given)
    with pytest.raises(PoisonRecordError, match="lacks the term withdrawn"):
        inputs_of("T2", (), terms[1:])
    days = [Term(name=t.name, value=t.value, unit="days") for t in terms if t.name == "response"]
    others = [t for t in terms if t.name != "response"]
    with pytest.raises(PoisonRecordError, match="is in 'days'"):
        inputs_of("T2", (), (*others, *days))
    with pytest.raises(PoisonRecordError, match="twice"):
        inputs_of("T2", (), (*terms, *days))


def test_nothing_is_decided_without_costs() -> None:
    free = manifest().model_copy(update={"halt": None})
    assert not decided(alert(), free).allowed


def test_a_decision_is_a_function_of_its_inputs() -> None:
    assert judge(inputs()) == judge(replace(inputs()))


def test_the_example_of_the_documentation() -> None:
    asked = inputs(
        stated_prior=0.001,
        p_value=1e-6,
        false_halt_cost=50_000.0,
        halt_cost=5_000.0,
        value_exposed=2_200_000.0,
        loss_per_second=16_000.0,
        response=900.0,
        braking=25.0,
    )
    found = numbers(judge(asked))
    assert found["avoidable_loss"] == 1_800_000
    assert found["bayes_factor"] == 10_000
    assert found["probability"] == pytest.approx(0.909, abs=5e-4)
    assert judge(asked).allowed
