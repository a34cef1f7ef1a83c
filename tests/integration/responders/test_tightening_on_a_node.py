"""A responder tightens a bucket through the gate: the narrowest brake, which heals by itself."""

from typing import Any

import pytest

import contracts
from responders.bucket import Limits
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call, Contract, created_by
from schemas.manifest import Brake
from schemas.manifest import Limits as Bounds
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL

pytestmark = pytest.mark.node

NATIVE = "0x" + "00" * 20
HOUR = 3600
WIDE = Limits(10 * ETHER, ETHER // 360)
TIGHT = Limits(ETHER // 10, 0)
TERMS = NATIVE, 0, 1, 1, 1, HOUR, 0, False
ON = True


def create(place: Place, name: str, *arguments: Any) -> Contract:
    """Let a user create one of our contracts."""
    artefact, user = contracts.load(name), place.world.users[0]
    interface = Interface(artefact.abi)
    address = created_by(user.address, place.hands.nonce(user))
    data = interface.creation(artefact.bytecode, *arguments)
    place.hands.settle([place.hands.send(user, Call(to=None, data=data, gas=5_000_000))])
    return Contract(address, interface)


@pytest.fixture
def bucket(place: Place) -> Contract:
    """A bucket with a vault behind it, owned by the Safe, which lets the gate tighten."""
    bucket = create(place, "OutflowBucket", place.world.safe.address)
    vault = create(place, "BoundedVault", bucket.address)
    gate = place.world.gate
    place.by_safe(bucket.call("list", NATIVE, TERMS, *WIDE))
    place.by_safe(bucket.call("enrol", vault.address, NATIVE, ON))
    place.by_safe(bucket.call("setMayTighten", gate.address, ON))
    tighten = bucket.interface.encode("tighten", NATIVE, *TIGHT, HOUR)
    place.by_safe(gate.call("setBrake", bucket.address, tighten, ON))
    return bucket


def limits(place: Place, bucket: Contract) -> Limits:
    return Limits(*place.hands.read(bucket, "limits", NATIVE))


def test_an_alert_tightens_the_bucket_for_an_hour_and_a_later_one_renews_it(
    place: Place, bucket: Contract
) -> None:
    parameters = {"asset": "native", "seconds": HOUR} | TIGHT._asdict()
    brake = Brake(
        name="tighten",
        adapter="outflow",
        target=bucket.address,
        gate=place.world.gate.address,
        scope="T1",
        parameters=parameters,
    )
    bounds = Bounds(brakes_per_window=2, cooldown_seconds=0)
    given = place.manifest.model_copy(update={"brakes": (brake,), "limits": bounds})
    with place.responder(given=given) as responder:
        responder.receive(place.alert())
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-1] == "final"
        assert limits(place, bucket) == TIGHT
        place.hands.mine(HOUR)
        responder.look()
        assert TIGHT.capacity < limits(place, bucket).capacity < WIDE.capacity
        responder.receive(place.alert(2))
        place.mine(responder, 1 + FINAL)
        assert responder.states()[-1] == "final"
    assert limits(place, bucket) == TIGHT
    place.hands.mine(2 * HOUR)
    assert limits(place, bucket) == WIDE
    assert len(set(place.brakes())) == 2
