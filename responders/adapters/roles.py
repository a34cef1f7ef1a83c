"""Through a Zodiac Roles modifier (version 2): the Safe behind it holds the protocol's role.

The responder is a member of one role of the modifier; what that role may call, with which arguments
and how often (`CallWithinAllowance`) is scoped on chain by the Safe's owners: a budget that holds
whatever becomes of the responder. A module's call takes no nonce of the Safe, so nothing that waits
in its queue can block a brake. The modifier knows no action ids: two replicas may both be included,
and the second finds the target braked.
"""

from collections.abc import Mapping
from types import MappingProxyType

from responders.adapters.calls import called
from responders.adapters.route import Route
from responders.chain import Call
from responders.reverts import selector

_CALL, _OR_REVERT = 0, True

ERRORS: Mapping[str, str] = MappingProxyType(
    {
        selector("NotAuthorized(address)"): "the account is no member of the modifier",
        selector("NoMembership()"): "the account does not have the role",
        selector("ConditionViolation(uint8,bytes32)"): (
            "the role does not allow this call, or its allowance is used up"
        ),
        selector("ModuleTransactionFailed()"): (
            "the target reverted, or the Safe does not know the modifier"
        ),
    }
)
"""`Roles.sol`. It hides why a target reverted."""


class Roles(Route):
    """Makes calls through one modifier, in one role."""

    name = "through the role"
    errors = ERRORS

    def __init__(self, modifier: str, role: bytes) -> None:
        self._modifier = modifier
        self._role = role

    def wrapped(self, call: Call, action: str, block: int | None) -> Call:  # noqa: ARG002 - the modifier knows no names
        """Return `execTransactionWithRole` of the call, which reverts if the call does."""
        inside = (call.to, 0, bytes.fromhex(call.data[2:]), _CALL, self._role, _OR_REVERT)
        data = called("execTransactionWithRole(address,uint256,bytes,uint8,bytes32,bool)", *inside)
        return Call(self._modifier, data, call.gas)
