"""A bucket behind the gate, with a vault that it bounds, and a T1 brake that tightens it."""

from typing import Any

import contracts
from responders.bucket import Limits
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call, Contract, created_by
from schemas.alerts import Alert
from schemas.manifest import Brake, Manifest
from schemas.manifest import Limits as Bounds
from tests.integration.responders.place import Place
from tests.unit.responders.bench import Assembly
from tests.unit.responders.examples import vote

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

    def __init__(self, place: Place, deposits: int = DEPOSITS) -> None:
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
        self.sends(self.vault.call("deposit", value=deposits))

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
