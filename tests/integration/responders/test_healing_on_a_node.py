"""A narrow brake lapses unaided after a false alarm, and holds while a rule is broken."""

from pathlib import Path

import pytest

from sandbox import fetch
from sandbox.evm import ETHER
from schemas.invariants import Invariant
from tests.integration.detectors.theatre import Theatre
from tests.integration.responders.bucketed import (
    BLOCK,
    BRAKED,
    DEPOSITS,
    RAMP,
    TIGHT,
    WIDE,
    Scene,
)
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL

pytestmark = pytest.mark.node


@pytest.fixture
def scene(place: Place) -> Scene:
    return Scene(place)


def test_a_false_alarm_heals_unaided(scene: Scene) -> None:
    place = scene.place
    with place.responder(given=scene.manifest) as responder:
        responder.receive(scene.alert(1))
        place.mine(responder, 1 + FINAL)
        assert scene.limits() == TIGHT
        blocks = (BRAKED + RAMP) // BLOCK
        for _ in range(blocks):
            place.hands.mine(BLOCK)
        responder.look()
        assert scene.limits() == WIDE
        assert responder.states()[-1] == "final"
        assert scene.takes(responder, ETHER)
    assert len(place.brakes()) == 1
    assert place.sent() - place.began == 1  # nobody undid anything


def test_an_attack_does_not_get_through_while_its_rule_is_broken(scene: Scene) -> None:
    place, taken = scene.place, 0
    with place.responder(given=scene.manifest) as responder:
        taken += ETHER * scene.takes(responder, ETHER)  # the first, before anything is known
        responder.receive(scene.alert(1))
        place.mine(responder, 1)
        before = taken
        for number in range(2, 2 + 6 * BRAKED // BLOCK):
            taken += (ETHER // 50) * scene.takes(responder, ETHER // 50)
            responder.receive(scene.alert(number))
            assert scene.limits() == TIGHT, number
        assert taken - before <= TIGHT.capacity
        assert scene.place.hands.ether(scene.vault.address) == DEPOSITS - taken
        renewed = len(place.brakes()) - 1
        assert 6 <= renewed <= 12  # once in each half of its time, at most
        states = responder.states()
    assert "refused" not in states


def test_what_is_no_broken_rule_renews_nothing(scene: Scene) -> None:
    place = scene.place
    with place.responder(given=scene.manifest) as responder:
        responder.receive(scene.alert(1))
        for number in range(2, 2 + BRAKED // BLOCK):
            place.hands.mine(BLOCK)
            responder.look()
            responder.receive(place.alert(number))  # two witnesses, no rule
        assert len(place.brakes()) == 1


@pytest.mark.parametrize("honest", [False, True], ids=["broken", "kept"])
def test_the_declared_rule_itself_keeps_a_brake_in_place(
    scene: Scene, cache: Path, *, honest: bool
) -> None:
    """The host of the detectors reads the blocks; nobody writes an alert by hand."""
    place = scene.place
    theatre = Theatre(place.node, lambda name: fetch.npm_package(cache, name, print))
    rule = Invariant(name="capped-outflow", expression=f"outflow(native) <= {ETHER // 100}")
    watched = theatre.watch({"vault": [scene.vault]}, ("declared-invariants",), invariants=(rule,))
    place.by_safe(place.world.gate.call("arm"))  # it is another day
    given = scene.manifest.model_copy(update={"protocol": watched.protocol})
    with place.responder(given=given) as responder:

        def takes(amount: int) -> None:
            scene.takes(responder, amount)
            responder.receive(*theatre.judged())

        takes(ETHER // 50)
        place.mine(responder, 1)
        assert scene.limits() == TIGHT
        place.hands.mine(BRAKED * 2 // 3)
        takes(ETHER // 200 if honest else ETHER // 50)
        place.mine(responder, 1)
        assert len(place.brakes()) == (1 if honest else 2)
        place.hands.mine(BRAKED // 2)
        responder.look()
        assert (scene.limits() == TIGHT) is not honest
