"""A gate that also cancels in one timelock: what it makes possible, and nothing more."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from sandbox.evm import Account, Call, Contract
from sandbox.node import LocalNode, RpcError
from sandbox.safe import NOBODY
from tests.contract.stage import ALLOWED, Stage

pytestmark = pytest.mark.node

OPENZEPPELIN = "@openzeppelin/contracts", "build/contracts"
NONE = bytes(32)
LATER = 3_600
NOT_PENDING = keccak(text="TimelockUnexpectedOperationState(bytes32,bytes32)")[:4].hex()


class Place:
    """A timelock with operations, and the gate before it."""

    def __init__(self, node: LocalNode, cache: Path) -> None:
        self.stage = stage = Stage(node, cache)
        people = stage.people.address
        self.timelock = stage.deployer.create_packaged(
            OPENZEPPELIN, "TimelockController", LATER, [people], [NOBODY], people
        )
        self.gate = stage.new_gate("CancelGate", self.timelock.address)
        canceller = keccak(text="CANCELLER_ROLE")
        stage.do(stage.people, self.timelock.call("grantRole", canceller, self.gate.address))
        self._actions = iter(range(1, 100))

    def queue(self, number: int) -> bytes:
        """Queue an operation of no effect; return its name."""
        terms = self.stage.user.address, 0, b"", NONE, number.to_bytes(32)
        self.stage.do(self.stage.people, self.timelock.call("schedule", *terms, LATER))
        name: bytes = self.stage.hands.read(self.timelock, "hashOperation", *terms)[0]
        return name

    def brake(self, data: bytes, target: Contract | None = None) -> Call:
        target = target or self.timelock
        return self.gate.call("brake", next(self._actions).to_bytes(32), 1, target.address, data)

    def cancel(self, operation: bytes) -> bytes:
        return self.timelock.call("cancel", operation).data

    def pending(self, operation: bytes) -> bool:
        found: bool = self.stage.hands.read(self.timelock, "isOperationPending", operation)[0]
        return found

    def refusal(self, call: Call, account: Account | None = None) -> str:
        """Return what a call is refused with, '' when it is not."""
        sender = (account or self.stage.responder).address
        question = {"from": sender, "to": call.to, "data": "0x" + call.data.hex()}
        try:
            self.stage.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            return self.gate.interface.error(bytes.fromhex(error.data[2:]))
        return ""


@pytest.fixture
def place(node: LocalNode, cache: Path) -> Iterator[Place]:
    made = Place(node, cache)
    yield made
    made.stage.close()


def test_it_cancels_one_operation_and_leaves_the_others(place: Place) -> None:
    bad, good = place.queue(1), place.queue(2)
    place.stage.do(place.stage.responder, place.brake(place.cancel(bad)))
    assert (place.pending(bad), place.pending(good)) == (False, True)
    assert place.pending(place.queue(1)), "people queue it again"


def test_it_takes_nothing_but_a_cancellation_of_its_own_timelock(place: Place) -> None:
    operation, gate = place.queue(1), place.gate
    data = place.cancel(operation)
    other = place.stage.deployer.create_packaged(
        OPENZEPPELIN, "TimelockController", LATER, [], [], place.stage.people.address
    )
    place.stage.deployer.settle()
    canceller = keccak(text="CANCELLER_ROLE")
    calls = [
        place.brake(data, other),
        place.brake(data, gate),
        place.brake(data + b"\0"),
        place.brake(data[:-1]),
        place.brake(data[:4]),
        place.brake(place.timelock.call("grantRole", canceller, gate.address).data),
        place.brake(place.timelock.call("updateDelay", 0).data),
    ]
    assert {place.refusal(call) for call in calls} == {"UnknownBrake"}
    assert place.refusal(place.brake(data)) == ""


def test_what_is_not_pending_is_refused_by_the_timelock_and_spends_nothing(place: Place) -> None:
    place.stage.do(place.stage.people, place.gate.call("setBudget", 1, LATER))
    assert NOT_PENDING in place.refusal(place.brake(place.cancel(b"\xab" * 32)))
    operation = place.queue(1)
    place.stage.do(place.stage.responder, place.brake(place.cancel(operation)))
    assert not place.pending(operation)


def test_a_stolen_key_cancels_within_the_budget_and_until_the_gate_is_killed(place: Place) -> None:
    stage = place.stage
    first, second = place.queue(1), place.queue(2)
    stage.do(stage.people, place.gate.call("setBudget", 1, LATER))
    stage.do(stage.responder, place.brake(place.cancel(first)))
    assert place.refusal(place.brake(place.cancel(second))) == "BudgetSpent"
    assert place.refusal(place.brake(place.cancel(second)), stage.stranger) == "NotResponder"
    stage.do(stage.people, place.gate.call("setBudget", 9, LATER), place.gate.call("kill"))
    assert place.refusal(place.brake(place.cancel(second))) == "Disarmed"
    stage.hands.mine(seconds=LATER)
    terms = stage.user.address, 0, b"", NONE, (2).to_bytes(32)
    stage.do(stage.people, place.timelock.call("execute", *terms))


def test_it_makes_the_calls_that_its_owner_allows_too(place: Place) -> None:
    vault = place.stage.deployer.create("HostileTarget")
    place.stage.deployer.settle()
    pause = keccak(text="pause()")[:4]
    assert place.refusal(place.brake(pause, vault)) == "UnknownBrake"
    place.stage.do(place.stage.people, place.gate.call("setBrake", vault.address, pause, ALLOWED))
    assert place.refusal(place.brake(pause, vault)) == ""
