"""Through our BrakeGate: it holds the protocols' roles and makes the calls its Safe allow-listed.

The gate carries out each action id once, so an action that two replicas send, or one sends twice,
brakes once. A revert of the target passes through it unchanged.
"""

from eth_abi.abi import encode

import contracts
from responders.adapters.route import Route
from responders.chain import Call
from responders.reverts import errors_of, selector

ARTEFACT = "BrakeGate"
BRAKE = selector("brake(bytes32,uint64,address,bytes)")


class Gate(Route):
    """Makes calls through one gate, in one term of leadership."""

    name = "through the gate"

    def __init__(self, gate: str, epoch: int) -> None:
        """`epoch` is the responder's term; the gate refuses one behind its latest."""
        self._gate = gate
        self._epoch = epoch
        self.errors = errors_of(contracts.load(ARTEFACT).abi)

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - asks nothing
        """Return `brake(actionId, epoch, target, data)`."""
        arguments = encode(
            ["bytes32", "uint64", "address", "bytes"],
            [bytes.fromhex(action), self._epoch, call.to, bytes.fromhex(call.data[2:])],
        )
        return Call(self._gate, BRAKE + arguments.hex(), call.gas)
