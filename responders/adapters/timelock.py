"""OpenZeppelin's TimelockController: `cancel(id)` of one queued operation, by a canceller.

The role only ever cancels, so a responder may hold it itself; a gate would have to allow each id.
The trap: an operation that has been carried out cannot be cancelled, and one that was never queued
needs not be. Whoever proposed it can queue it again.
"""

from typing import Annotated

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters

_UNSET, _WAITING, _READY, _DONE = range(4)
"""`TimelockController.OperationState`."""

ERRORS = {
    selector("AccessControlUnauthorizedAccount(address,bytes32)"): "the account is no canceller",
    selector("TimelockUnexpectedOperationState(bytes32,bytes32)"): "it is not pending",
}


class Cancellation(Parameters):
    """Which operation to cancel."""

    operation: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]


class Canceller(Family):
    """Cancels one operation."""

    def __init__(self, chain: Chain, deed: Deed, question: str) -> None:
        super().__init__(chain, deed)
        self._question = question

    def probe(self, block: int) -> Condition:
        """Look whether it is queued. One that is not cannot be carried out: that is what a brake is
        for."""
        state = word(self.chain, self.deed.target, self._question, block)
        if state is None or state > _DONE:
            return Condition.UNKNOWN
        return Condition.BRAKED if state == _UNSET else Condition.OPEN

    def objection(self, block: int) -> str:
        """Say so when it is too late."""
        state = word(self.chain, self.deed.target, self._question, block)
        return "the operation was carried out: it is too late" if state == _DONE else ""


def build(brake: Brake, chain: Chain) -> Canceller:
    """Make the family's brake that a manifest asks for."""
    operation = bytes.fromhex(told(brake, Cancellation).operation[2:])
    deed = Deed(
        target=brake.target,
        calldata=called("cancel(bytes32)", operation),
        also_stops=AlsoStops(
            "one decision of governance from being carried out", frozenset({Activity.GOVERNANCE})
        ),
        release="its proposers, who can queue it again, with the whole delay",
        errors=ERRORS,
    )
    return Canceller(chain, deed, called("getOperationState(bytes32)", operation))
