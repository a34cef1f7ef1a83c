"""Our BrakeGate: it holds the protocols' pauser roles and makes the calls its Safe allow-listed.

The gate carries out each action id once, so an action that two replicas send, or one sends twice,
brakes once. A revert of the target passes through it unchanged.
"""

from functools import cache

from eth_abi.abi import encode

import contracts
from responders.adapters.base import Check, Condition, Outcome, Plan, Scope, Trial
from responders.adapters.pausable import GAS, PAUSE, attempt, confirm, paused
from responders.chain import Call, Chain, Receipt
from responders.reverts import errors_of, selector
from schemas.errors import ConfigurationError
from schemas.manifest import Brake

ARTEFACT = "BrakeGate"
BRAKE = selector("brake(bytes32,uint64,address,bytes)")
RELEASES = frozenset(map(selector, ("unpause()", "resume()", "unfreeze()", "unkill_me()")))
"""No brake may make these calls. Finds a slip in a manifest early; what protects is the gate's
allow-list."""


@cache
def _errors() -> dict[str, str]:
    return errors_of(contracts.load(ARTEFACT).abi)


class Gate:
    """Brakes one target through the gate."""

    def __init__(
        self, chain: Chain, gate: str, target: str, calldata: str, *, scope: Scope, epoch: int
    ) -> None:
        """`epoch` is the responder's term of leadership; the gate refuses one behind its latest."""
        self._chain = chain
        self._gate = gate
        self._epoch = epoch
        self._plan = Plan(
            target=target,
            calldata=calldata,
            gas=GAS,
            scope=scope,
            also_stops="everything the target refuses while braked, for every user",
        )

    def plan(self) -> Plan:
        """Return what the brake does: the gate's call, not ours to the gate."""
        return self._plan

    def call(self, action: str) -> Call:
        """Return `brake(actionId, epoch, target, data)`."""
        arguments = encode(
            ["bytes32", "uint64", "address", "bytes"],
            [
                bytes.fromhex(action),
                self._epoch,
                self._plan.target,
                bytes.fromhex(self._plan.calldata[2:]),
            ],
        )
        return Call(self._gate, BRAKE + arguments.hex(), GAS)

    def probe(self, block: int) -> Condition:
        """Ask the target's `paused()`."""
        return paused(self._chain, self._plan.target, block)

    def simulate(self, action: str, sender: str, block: int) -> Trial:
        """Execute the gate's brake as if `sender` had sent it."""
        trial = attempt(self._chain, self.call(action), sender, block, _errors())
        if trial.outcome is Outcome.WOULD_FAIL:
            return Trial(trial.outcome, f"through the gate {trial.reason}")
        return trial

    def verify(self, receipt: Receipt) -> Check:
        """Ask the target's `paused()` at the block that included the brake."""
        return confirm(self.probe(receipt.block), receipt)

    def describe_release(self) -> str:
        """Say who can release it."""
        return f"the roles that {self._plan.target} gives this to; never the gate or its responders"


def build(brake: Brake, chain: Chain, epoch: int) -> Gate:
    """Make the adapter that a manifest's brake asks for."""
    if brake.gate is None:
        raise ConfigurationError(f"brake {brake.name}: adapter gate needs the gate's address")
    calldata = (brake.calldata or PAUSE).lower()
    if calldata[:10] in RELEASES:
        raise ConfigurationError(f"brake {brake.name}: {calldata[:10]} releases, it does not brake")
    return Gate(chain, brake.gate, brake.target, calldata, scope=brake.scope, epoch=epoch)
