"""Which of two contracts is halted, by what they hold on a real node and what the alert says."""

from decimal import Decimal

import pytest

from responders.rederive import decided, rederive
from schemas.actions import Action
from schemas.loss import Cut
from schemas.manifest import Contract, Limits, Manifest
from tests.integration.responders.place import Place
from tests.integration.responders.test_value_on_a_node import valued

pytestmark = pytest.mark.node


def with_a_pair(place: Place) -> Manifest:
    """The world's protocol, with the pair as one more contract that can be halted, for less."""
    given, pair = valued(place), place.world.pairs.thin.address
    pause = given.brakes[0]
    halt_pair = pause.model_copy(update={"name": "halt-pair", "target": pair})
    others = tuple(c for c in given.contracts if c.address != pair)
    return given.model_copy(
        update={
            "contracts": (*others, Contract(address=pair, role="pair")),
            "brakes": (pause, halt_pair),
            "cuts": (Cut(brake="halt-pair", cost=Decimal(1)),),
            "limits": Limits(brakes_per_window=2, cooldown_seconds=0),
        }
    )


def verdicts(place: Place, given: Manifest, losing: str) -> dict[str, Action]:
    """Let a responder answer an alert on what loses; return what was decided, by the target."""
    with place.responder(given=given) as responder:
        responder.receive(place.alert(losing=(losing,)))
        place.mine(responder, 2)
        steps = [step for step in responder.published() if decided(step)]
    for step in steps:
        again = rederive(step)
        assert again.equal, again.differences
        assert step.reach is not None
    return {step.target.rpartition(":")[2]: step for step in steps}


def test_the_pool_that_loses_is_paused_and_the_cheaper_pair_beside_it_is_not(
    place: Place,
) -> None:
    pool, pair = place.world.pool.address, place.world.pairs.thin.address
    found = verdicts(place, with_a_pair(place), pool)
    assert found[pool].state == "authorised"
    assert found[pair].state == "refused"
    assert found[pair].reason == "what loses does not reach what this brake halts"
    assert place.paused()
    at_risk = {one.name: one.at_risk for one in found[pool].reach.places}  # type: ignore[union-attr]  # every one has it
    dollar = place.world.tokens.dollar
    held = place.hands.read(dollar, "balanceOf", pool)[0] / 10**6
    assert at_risk[f"{place.chain.name}:{pool}"] == pytest.approx(held)


def test_what_depends_on_the_pair_is_halted_only_once_the_pair_cannot_be(place: Place) -> None:
    """The pool takes its price from the pair. A Uniswap pair has no pause(): its brake is tried
    first, because it is at the source, and gives way to the pool's within the same alert."""
    pool, pair = place.world.pool.address, place.world.pairs.thin.address
    with place.responder(given=with_a_pair(place)) as responder:
        responder.receive(place.alert(losing=(pair,)))
        place.mine(responder, 2)
        steps = [step for step in responder.published() if decided(step)]
    for step in steps:
        assert rederive(step).equal
    said = [(step.target.rpartition(":")[2], step.state) for step in steps]
    assert said == [(pair, "authorised"), (pool, "refused"), (pool, "authorised")]
    assert steps[1].reason == "a narrower set of brakes stops the loss: halt-pair"
    assert place.paused()
