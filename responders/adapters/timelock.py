"""OpenZeppelin's TimelockController: `cancel(id)` of one queued operation, by a canceller.

The role only ever cancels, so a responder may hold it itself; a gate has to allow each id, and a
`CancelGate` allows every one. The trap: an operation that has been carried out cannot be cancelled,
and one that was never queued needs not be. Whoever proposed it can queue it again.

Which operation is known only once it is queued. A brake that names none cancels what the alerting
transaction itself queued, as the chain's receipt says, never what a record says.
"""

import re
from typing import Annotated

from eth_utils.crypto import keccak
from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Parameters

_UNSET, _WAITING, _READY, _DONE = range(4)
"""`TimelockController.OperationState`."""

_NOT_PENDING = selector("TimelockUnexpectedOperationState(bytes32,bytes32)")
ERRORS = {
    selector("AccessControlUnauthorizedAccount(address,bytes32)"): "the account is no canceller",
    _NOT_PENDING: "it is not pending",
}

_SCHEDULED = "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)"
_QUEUED = "0x" + keccak(text=_SCHEDULED).hex()
_CANCEL = selector("cancel(bytes32)")
_NONE = "0" * 64
"""No operation has this name: it is a hash."""

MOST = 16
"""Operations of one transaction that are cancelled; a budget of brakes ends long before."""


class Cancellation(Parameters):
    """Which operation to cancel."""

    operation: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")] | None = None
    """Without it, every one that an alerting transaction queued."""


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


class CancelsQueued(Family):
    """Cancels what an alerting transaction queued. Its own call cancels nothing and is never sent:
    the timelock refuses it as not pending to those who may cancel, which is how it is rehearsed."""

    def probe(self, block: int) -> Condition:  # noqa: ARG002 - there is nothing to look at yet
        """Say nothing: what to look at is known only once it is queued."""
        return Condition.UNKNOWN

    def called_for(self, tx: str) -> tuple[str, ...]:
        """Return the cancellation of every operation that the transaction queued, the first ones.

        Only the timelock's own events count, so nobody can have another's decision cancelled."""
        queued = (
            _CANCEL + log.topics[1][2:]
            for log in self.chain.logged(tx)
            if log.contract == self.deed.target and log.topics[:1] == (_QUEUED,) and log.topics[1:]
        )
        return tuple(dict.fromkeys(queued))[:MOST]

    def aimed(self, calldata: str) -> Family | None:
        """Return the brake that cancels an operation; None for any other call."""
        operation = calldata.removeprefix(_CANCEL)
        if not re.fullmatch(r"[0-9a-f]{64}", operation) or operation == _NONE:
            return None
        return _canceller(self.deed.target, operation, self.chain)


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    operation = told(brake, Cancellation).operation
    if operation is not None:
        return _canceller(brake.target, operation[2:].lower(), chain)
    if brake.roles is not None or brake.safe is not None:
        raise ConfigurationError(
            f"brake {brake.name}: parameters.operation: without it, only a gate that is a "
            f"CancelGate, or the responder's own account, can cancel what is queued later"
        )
    return CancelsQueued(chain, _deed(brake.target, _NONE, frozenset({_NOT_PENDING})))


def _canceller(target: str, operation: str, chain: Chain) -> Canceller:
    question = called("getOperationState(bytes32)", bytes.fromhex(operation))
    return Canceller(chain, _deed(target, operation), question)


def _deed(target: str, operation: str, already: frozenset[str] = frozenset()) -> Deed:
    return Deed(
        target=target,
        calldata=_CANCEL + operation,
        also_stops=AlsoStops(
            "one decision of governance from being carried out", frozenset({Activity.GOVERNANCE})
        ),
        release="its proposers, who can queue it again, with the whole delay",
        errors=ERRORS,
        already=already,
    )
