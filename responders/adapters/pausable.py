"""OpenZeppelin's Pausable: `pause()` by an account that holds the role, seen by `paused()`.

"Already paused" is success, whether a probe finds it, or the revert of `pause()` says so: with
`EnforcedPause()` since version 5, with the text "Pausable: paused" before.
"""

from responders.adapters.base import AlsoStops
from responders.adapters.calls import called
from responders.adapters.family import Deed, checked
from responders.adapters.flags import Flagged
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Parameters

PAUSE = called("pause()")
PAUSED = called("paused()")

ALREADY = frozenset({selector("EnforcedPause()"), "Pausable: paused"})
ROLES = {
    selector("AccessControlUnauthorizedAccount(address,bytes32)"): "the account lacks the role",
    selector("OwnableUnauthorizedAccount(address)"): "the account is not the owner",
    selector("AccessManagedUnauthorized(address)"): "the account lacks the role",
    "Ownable: caller is not the owner": "the account is not the owner",
}
"""OpenZeppelin's refusals, in words."""


class PausableParameters(Parameters):
    """What only those who know the target can say."""

    also_stops: frozenset[Activity] = EVERYTHING
    """What its users cannot do either while it is paused."""


def build(brake: Brake, chain: Chain) -> Flagged:
    """Make the family's brake that a manifest asks for."""
    if brake.calldata not in (None, PAUSE):
        raise ConfigurationError(
            f"brake {brake.name}: adapter pausable calls pause() and nothing else; remove its "
            f"calldata, or use adapter generic, with that call on the gate's allow-list"
        )
    parameters = checked(brake, PausableParameters)
    deed = Deed(
        target=brake.target,
        calldata=PAUSE,
        also_stops=AlsoStops(
            "everything the contract guards with whenNotPaused, for every user",
            parameters.also_stops,
        ),
        release=f"whoever may call unpause() on {brake.target}",
        errors=ROLES | {selector("EnforcedPause()"): "EnforcedPause"},
        already=ALREADY,
    )
    return Flagged(chain, deed, PAUSED)
