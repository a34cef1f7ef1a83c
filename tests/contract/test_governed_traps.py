"""Traps of brakes that voters lift (Sky), on a real node."""

import pytest

from responders.adapters.base import Condition, Outcome
from responders.chain import Call
from tests.contract.exhibits import spells
from tests.contract.exhibits.spells import ILK, PLAN
from tests.contract.stage import ACTION, Stage
from tests.contract.test_adapter_traps import changed

pytestmark = pytest.mark.node


def test_a_spell_works_once_the_voters_lifted_it(stage: Stage) -> None:
    hat, ceiling, spell = spells.wiped(stage)
    adapter = stage.adapter(spells.spell_brake(spell))
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert trial.reason.endswith("the voters have not lifted it")
    stage.do(stage.people, hat.call("lift", spell.address))
    assert adapter.verify(stage.pull(adapter)).holds
    assert stage.hands.read(ceiling, "line", ILK) == (0,)


def test_work_that_is_done_is_not_done_again(stage: Stage) -> None:
    hat, _, spell = spells.wiped(stage)
    stage.do(stage.people, hat.call("lift", spell.address))
    stage.do(stage.stranger, spell.call("schedule"))
    stage.do(stage.people, hat.call("lift", stage.people.address))
    adapter = stage.adapter(spells.spell_brake(spell))
    assert adapter.probe(stage.head) is Condition.BRAKED
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.BRAKED_ALREADY


def test_an_ordinary_spell_is_not_scheduled(stage: Stage) -> None:
    """Its `schedule()` would work for anyone, and plan a change of the protocol."""
    spell = stage.deployer.create("OrdinarySpell")
    stage.deployer.settle()
    adapter = stage.adapter(spells.spell_brake(spell))
    call = adapter.call(ACTION)
    raw = Call(call.to, call.data)
    assert stage.chain.call(raw, sender=stage.responder.address).ok
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert "it is no emergency spell: it would plan a change" in trial.reason


def test_a_drop_needs_the_hat_and_leaves_other_plans(stage: Stage) -> None:
    shown = spells.protego(stage, stage.responder.address)
    adapter = stage.adapter(shown.brake)
    later = stage.adapter(changed(shown.brake, eta=PLAN[-1] + 1))
    assert later.probe(stage.head) is Condition.BRAKED  # nothing is planned for then
    assert adapter.probe(stage.head) is Condition.OPEN
    stage.pull(later)
    assert adapter.probe(stage.head) is Condition.OPEN
    assert adapter.verify(stage.pull(adapter)).holds


def test_without_the_hat_nothing_is_dropped(stage: Stage) -> None:
    hat = stage.deployer.create("Hat")
    plans = stage.deployer.create("WaitingPlans", hat.address)
    dropper = stage.deployer.create("PlanDropper", plans.address)
    stage.deployer.settle()
    stage.do(stage.people, plans.call("plot", *PLAN))
    adapter = stage.adapter(spells.drop_brake(dropper))
    trial = adapter.simulate(ACTION, stage.responder.address, stage.head)
    assert trial.outcome is Outcome.WOULD_FAIL
    assert trial.reason.endswith("the voters have not lifted it")
