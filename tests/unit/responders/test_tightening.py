from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from responders import tightening
from responders.actions import Ground, follow, proposed, unprompted
from responders.guard import SPENT, GuardState, after
from responders.inputs import NOTHING
from responders.ledger import Ledger
from responders.levers import within_reach
from responders.rederive import rederive
from responders.tightening import Excess, due, judge
from schemas.actions import Term
from schemas.errors import PoisonRecordError
from tests.unit.responders.examples import CHAIN, manifest
from tests.unit.responders.fakes import FakeChain

DAY = 86_400
BEYOND = Excess(
    worst_loss=500.0,
    allowable_loss=100.0,
    bucket_capacity=90.0,
    bucket_refill=0.1,
    response=900.0,
    brakes_left=1.0,
)


def course(state: str, time: int = 0, terms: tuple[Term, ...] = ()) -> Any:
    action = SimpleNamespace(terms=terms)
    step = SimpleNamespace(time=time, action=action)
    return SimpleNamespace(state=state, open=state == "broadcast", step=step, action=action)


def decided(state: str, **changes: float) -> Any:
    """Return the step of a tightening that says so."""
    (lever,) = within_reach([manifest()], FakeChain(), 1).values()
    decision = judge(replace(BEYOND, **changes), "T1")
    ground = Ground("ab" * 32, CHAIN, "meadow", 7, 70, "more may be lost than is allowed")
    first = proposed("cd" * 32, lever, ground.id, ground, decision.terms, NOTHING)
    step = follow(first, state, decision.reason, terms=decision.terms)
    return msgspec.structs.replace(step, scope="T1")


def test_a_bucket_that_lets_too_much_through_is_tightened() -> None:
    found = judge(BEYOND, "T1")
    assert found.allowed
    assert found.terms[-1].value == 180.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"worst_loss": 100.0}, "a brake is fast enough for what there is"),
        ({"bucket_capacity": 10.0}, "the bucket lets no more through than is allowed"),
        ({"brakes_left": 0.0}, SPENT),
    ],
)
def test_what_stands_against_it(changes: dict[str, float], reason: str) -> None:
    found = judge(replace(BEYOND, **changes), "T1")
    assert (found.allowed, found.reason) == (False, reason)


def test_nothing_broader_is_pulled_on_no_alert() -> None:
    assert not judge(BEYOND, "T2").allowed


def test_it_can_be_decided_again_from_its_terms() -> None:
    assert rederive(decided("authorised")).equal
    assert rederive(decided("refused", brakes_left=0.0)).equal
    assert not rederive(decided("authorised", brakes_left=0.0)).equal
    with pytest.raises(PoisonRecordError, match="lacks the term bucket_refill"):
        tightening.excess_of(tightening.terms_of(BEYOND)[:3])


def test_it_spends_nothing_that_is_kept_for_attacks_and_no_alert_joins_it() -> None:
    step = decided("authorised")
    assert unprompted(step)
    assert after(GuardState(), "proposed", step, 0) == GuardState()
    ledger = Ledger()
    ledger.take(SimpleNamespace(action=step, time=1000, raw=""))  # type: ignore[arg-type]
    assert ledger.incident(CHAIN, "meadow", "0x" + "07" * 32, 1000) != step.incident


def test_once_in_a_breach_and_once_in_a_window() -> None:
    def now(last: Any, time: int, *, ended: bool = False, armed: bool = True) -> bool:
        return due(last, time, DAY, ended=ended, armed=armed)

    assert now(None, 0)
    assert not now(course("final"), 10 * DAY)
    assert not now(course("final"), DAY - 1, ended=True)
    assert now(course("final"), DAY, ended=True)
    assert not now(course("broadcast"), 10 * DAY, ended=True)
    assert not now(course("failed"), DAY - 1)
    assert now(course("failed"), DAY)
    assert not now(course("rehearsed"), 10 * DAY, armed=False)
    assert now(course("rehearsed"), 1)
    judged = tightening.terms_of(BEYOND)
    assert not now(course("refused", terms=judged), DAY - 1)
    assert now(course("refused", terms=judged), DAY)
    assert now(course("refused"), 1), "it was allowed, and left by who is gone"
