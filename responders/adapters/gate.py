"""Through our BrakeGate: it holds the protocols' roles and makes the calls its Safe allow-listed.

The gate carries out each action id once, so an action that two replicas send, or one sends twice,
brakes once. A revert of the target passes through it unchanged.
"""

from collections.abc import Iterable

from eth_abi.abi import encode

import contracts
from responders.adapters.calls import called, word
from responders.adapters.route import Route
from responders.chain import Call, Chain
from responders.reverts import errors_of, selector
from runtime.logs import logger
from schemas.manifest import Manifest

_log = logger(__name__)

ARTEFACT = "BrakeGate"
_MOST_EPOCH = 2**62
"""Beyond it is no term of ours: a key that was stolen made it jump, and the Safe sets it back."""

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


def latest_epoch(chain: Chain, manifests: Iterable[Manifest]) -> int:
    """Return the highest epoch that braked at any gate of these manifests on this chain; 0 where
    none did. One that jumped is told and left out.

    Raises `TransientError` when no node answers.
    """
    brakes = (brake for one in manifests if one.chain == chain.name for brake in one.brakes)
    latest = 0
    for gate in sorted({brake.gate for brake in brakes if brake.gate is not None}):
        epoch = word(chain, gate, called("latestEpoch()"), None) or 0
        if epoch > _MOST_EPOCH:
            _log.error("epoch_jumped", gate=gate, epoch=epoch, needed="the Safe's setEpoch")
            continue
        latest = max(latest, epoch)
    return latest
