"""A narrow brake lapses unaided after a false alarm, and holds while a rule is broken."""

from typing import Any

import pytest

import contracts
from responders.bucket import Limits
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call, Contract, created_by
from schemas.alerts import Alert
from schemas.manifest import Brake, Manifest
from schemas.manifest import Limits as Bounds
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Assembly
from tests.unit.responders.examples import vote

pytestmark = pytest.mark.node

NATIVE = "0x" + "00" * 20
BRAKED, RAMP, BLOCK = 240, 3600, 12
WIDE = Limits(10 * ETHER, ETHER // 360)
TIGHT = Limits(ETHER // 10, 0)
TERMS = NATIVE, 0, 1, 1, 1, RAMP, 0, False
DEPOSITS = 50 * ETHER
ON = True
RULE = vote("declared-invariants", tail="rule", made_from=("amounts", "events", "storage"))


class Scene:
    """A bucket with a vault behind it, and somebody who has the key of a large deposit."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.user = place.world.users[0]
        self.bucket = self.create("OutflowBucket", place.world.safe.address)
        self.vault = self.create("BoundedVault", self.bucket.address)
        gate = place.world.gate
        place.by_safe(self.bucket.call("list", NATIVE, TERMS, *WIDE))
        place.by_safe(self.bucket.call("enrol", self.vault.address, NATIVE, ON))
        place.by_safe(self.bucket.call("setMayTighten", gate.address, ON))
        tighten = self.bucket.interface.encode("tighten", NATIVE, *TIGHT, BRAKED)
        place.by_safe(gate.call("setBrake", self.bucket.address, tighten, ON))
        place.by_safe(gate.call("setBudget", 100, 86_400))
        self.sends(self.vault.call("deposit", value=DEPOSITS))

    def create(self, name: str, *arguments: Any) -> Contract:
        artefact = contracts.load(name)
        interface = Interface(artefact.abi)
        address = created_by(self.user.address, self.place.hands.nonce(self.user))
        data = interface.creation(artefact.bytecode, *arguments)
        self.sends(Call(to=None, data=data, gas=5_000_000))
        return Contract(address, interface)

    def sends(self, call: Call) -> None:
        self.place.hands.settle([self.place.hands.send(self.user, call)])

    def takes(self, responder: Assembly, amount: int) -> bool:
        """Try to withdraw, in a block that the responder sees; say whether it worked."""
        sent = self.place.hands.send(self.user, self.vault.call("withdraw", amount))
        self.place.hands.mine(BLOCK)
        responder.look()
        return bool(self.place.hands.receipt(sent)["status"] == "0x1")

    def limits(self) -> Limits:
        return Limits(*self.place.hands.read(self.bucket, "limits", NATIVE))

    def alert(self, number: int) -> Alert:
        return self.place.alert(number, votes=(RULE,))

    @property
    def manifest(self) -> Manifest:
        """One brake a day, and none of the same target within ten minutes: renewals are none."""
        brake = Brake(
            name="tighten",
            adapter="outflow",
            target=self.bucket.address,
            gate=self.place.world.gate.address,
            scope="T1",
            parameters={"asset": "native", "seconds": BRAKED} | TIGHT._asdict(),
        )
        return self.place.manifest.model_copy(update={"brakes": (brake,), "limits": Bounds()})


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
