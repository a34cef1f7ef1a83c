"""OpenZeppelin's Pausable: `pause()` by an account that holds the role, seen by `paused()`.

"Already paused" is success, whether a probe finds it, or the revert of `pause()` says so: with
`EnforcedPause()` since version 5, with the text "Pausable: paused" before.
"""

from responders.adapters.base import Check, Condition, Outcome, Plan, Scope, Trial
from responders.chain import Call, Chain, Receipt
from responders.reverts import explain, selector, text_of
from schemas.errors import ConfigurationError
from schemas.manifest import Brake

PAUSE = selector("pause()")

GAS = 500_000
"""Many times what a flag costs, so that no hook behind it runs dry."""

_PAUSED = selector("paused()")
_ENFORCED_PAUSE = selector("EnforcedPause()")
_ERRORS = {
    _ENFORCED_PAUSE: "EnforcedPause",
    selector("AccessControlUnauthorizedAccount(address,bytes32)"): "the account lacks the role",
    selector("OwnableUnauthorizedAccount(address)"): "the account is not the owner",
    selector("AccessManagedUnauthorized(address)"): "the account lacks the role",
}


def paused(chain: Chain, target: str, block: int) -> Condition:
    """Ask the target whether it is paused; a target that has no answer to that is unknown."""
    answer = chain.call(Call(target, _PAUSED), sender=None, block=block)
    if not answer.ok or len(answer.data) != 66:
        return Condition.UNKNOWN
    return Condition.BRAKED if int(answer.data, 16) else Condition.OPEN


def says_paused(revert: str) -> bool:
    """Tell whether a revert's data means that the target is paused already."""
    return revert[:10] == _ENFORCED_PAUSE or text_of(revert) == "Pausable: paused"


def attempt(
    chain: Chain, call: Call, sender: str, block: int, names: dict[str, str] | None = None
) -> Trial:
    """Simulate a call that pauses; `names` says what custom errors of others mean."""
    answer = chain.call(call, sender=sender, block=block)
    if answer.ok:
        return Trial(Outcome.WOULD_BRAKE, f"simulated at block {block}")
    if says_paused(answer.data):
        return Trial(Outcome.BRAKED_ALREADY, f"paused already at block {block}")
    reason = explain(answer.data, _ERRORS | (names or {}))
    return Trial(Outcome.WOULD_FAIL, f"at block {block} it would revert: {reason}")


def confirm(condition: Condition, receipt: Receipt) -> Check:
    """Judge the target's condition after the block of a mined brake."""
    where = f"mined in block {receipt.block}"
    if not receipt.ok:
        seen = "the target is paused" if condition is Condition.BRAKED else "it is not paused"
        return Check(condition is Condition.BRAKED, f"{where}, but reverted; {seen}")
    seen = {
        Condition.BRAKED: "the target is paused",
        Condition.OPEN: "but the target is not paused",
        Condition.UNKNOWN: "the target does not say whether it is paused",
    }[condition]
    return Check(condition is not Condition.OPEN, f"{where}; {seen}")


class Pausable:
    """Pauses one contract, by an account that may."""

    def __init__(self, chain: Chain, target: str, scope: Scope) -> None:
        self._chain = chain
        self._plan = Plan(
            target=target,
            calldata=PAUSE,
            gas=GAS,
            scope=scope,
            also_stops="everything the contract guards with whenNotPaused, for every user",
        )

    def plan(self) -> Plan:
        """Return what the brake does."""
        return self._plan

    def call(self, action: str) -> Call:  # noqa: ARG002 - pause() carries no name
        """Return `pause()`."""
        return Call(self._plan.target, PAUSE, GAS)

    def probe(self, block: int) -> Condition:
        """Ask `paused()`."""
        return paused(self._chain, self._plan.target, block)

    def simulate(self, action: str, sender: str, block: int) -> Trial:
        """Execute `pause()` as if `sender` had sent it."""
        return attempt(self._chain, self.call(action), sender, block)

    def verify(self, receipt: Receipt) -> Check:
        """Ask `paused()` at the block that included the brake."""
        return confirm(self.probe(receipt.block), receipt)

    def describe_release(self) -> str:
        """Say who can release it."""
        return f"whoever may call unpause() on {self._plan.target}"


def build(brake: Brake, chain: Chain, epoch: int) -> Pausable:  # noqa: ARG001 - every adapter's
    """Make the adapter that a manifest's brake asks for."""
    if brake.calldata not in (None, PAUSE):
        raise ConfigurationError(
            f"brake {brake.name}: adapter pausable calls pause() and nothing else; remove its "
            f"calldata, or use adapter gate with that call on the gate's allow-list"
        )
    return Pausable(chain, brake.target, brake.scope)
