"""OpenZeppelin's AccessManager: `setTargetClosed(target, true)` on the manager.

Not a hot brake: it takes the manager's ADMIN_ROLE, which can do everything, and waits for the
target's admin delay where there is one; then the call reverts until somebody scheduled it, and the
brake says so. It stops what the target restricts, and nothing that anybody may call.
"""

from responders.adapters.base import AlsoStops
from responders.adapters.calls import called
from responders.adapters.family import Deed, told
from responders.adapters.flags import Flagged
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

_CLOSED = True
ERRORS = {
    selector("AccessManagerUnauthorizedAccount(address,uint64)"): "the account is not an admin",
    selector("AccessManagerNotScheduled(bytes32)"): (
        "the target's admin delay applies: schedule the call; it is no hot brake"
    ),
    selector("AccessManagerNotReady(bytes32)"): "the scheduled call is not ready yet",
    selector("AccessManagerExpired(bytes32)"): "the scheduled call has expired",
}


class Closure(Parameters):
    """Which of the manager's targets to close."""

    closes: LowerAddress
    also_stops: frozenset[Activity] = EVERYTHING


def build(brake: Brake, chain: Chain) -> Flagged:
    """Make the family's brake that a manifest asks for."""
    closure = told(brake, Closure)
    deed = Deed(
        target=brake.target,
        calldata=called("setTargetClosed(address,bool)", closure.closes, _CLOSED),
        also_stops=AlsoStops(
            f"every restricted function of {closure.closes}, for every role", closure.also_stops
        ),
        release=f"the admins of {brake.target}, by setTargetClosed(target, false)",
        errors=ERRORS,
    )
    return Flagged(chain, deed, called("isTargetClosed(address)", closure.closes))
