"""One adapter of a family and a route: what is called, and how the call gets there."""

from responders.adapters.base import Check, Condition, NotNowError, Outcome, Plan, Scope, Trial
from responders.adapters.family import Family
from responders.adapters.route import Route
from responders.chain import Call, Receipt
from responders.questions import Question
from responders.reverts import explain, key_of
from runtime.safe_transactions import SafeTransaction


class RoutedAdapter:
    """Pulls one family's brake through one route."""

    def __init__(self, family: Family, route: Route, scope: Scope) -> None:
        self._family = family
        self._route = route
        self._scope: Scope = scope
        deed = family.deed
        self._plan = Plan(
            target=deed.target,
            calldata=deed.calldata,
            gas=deed.gas,
            scope=scope,
            also_stops=deed.also_stops,
            lapses_after=deed.lapses_after,
            heartbeat=deed.heartbeat,
        )

    def plan(self) -> Plan:
        """Return what the brake does: the call that reaches the target, whatever the route."""
        return self._plan

    def call(self, action: str) -> Call:
        """Return the message that pulls the brake, as it has to be after the newest block."""
        return self._route.wrapped(self._call(None), action, None)

    def question(self, block: int) -> Question | None:
        """Return what operators have to agree to, after this block."""
        return self._route.question(self._call(block), block)

    @property
    def proposes(self) -> bool:
        """Whether the brake is put before people."""
        return self._route.proposes

    def proposal(self) -> SafeTransaction | None:
        """Return what is put before a Safe's owners."""
        return self._route.proposal(self._call(None))

    def probe(self, block: int) -> Condition:
        """Look at the target after this block."""
        return self._family.probe(block)

    def simulate(self, action: str, sender: str, block: int) -> Trial:
        """Execute the message on the state after this block.

        Some routes hide why a target reverted, and some targets say nothing; so a revert is judged
        by what the target is, wherever it tells.
        """
        if not self._family.chain.has_code(self._plan.target, block):
            # A call to it would succeed, and brake nothing.
            return Trial(Outcome.WOULD_FAIL, f"at block {block} there is no contract at the target")
        if objection := self._family.objection(block):
            return Trial(Outcome.WOULD_FAIL, f"at block {block} {objection}")
        try:
            call = self._call(block)
            message, pulls = self._route.rehearsed(call, action, sender, block)
        except NotNowError as error:
            return Trial(Outcome.WOULD_FAIL, f"at block {block} {error}")
        answer = self._family.chain.call(message, sender=pulls, block=block)
        if answer.ok:
            return Trial(Outcome.WOULD_BRAKE, f"simulated at block {block}")
        known = key_of(answer.data) in self._family.deed.already
        if known or self.probe(block) is Condition.BRAKED:
            return Trial(Outcome.BRAKED_ALREADY, f"braked already at block {block}")
        reason = explain(answer.data, {**self._family.deed.errors, **self._route.errors})
        words = f"{self._route.name} at block {block} it would revert: {reason}"
        return Trial(Outcome.WOULD_FAIL, words.lstrip())

    def verify(self, receipt: Receipt) -> Check:
        """Look at the target after the block that included the brake."""
        condition = self.probe(receipt.block)
        where = f"mined in block {receipt.block}"
        if not receipt.ok:
            braked = condition is Condition.BRAKED
            seen = "the target is braked" if braked else "it is not braked"
            return Check(braked, f"{where}, but reverted; {seen}")
        if undone := self._family.undone(receipt.block):
            return Check(holds=False, reason=f"{where}; but {undone}")
        seen = {
            Condition.BRAKED: "the target is braked",
            Condition.OPEN: "but the target is not braked",
            Condition.UNKNOWN: "the target does not say whether it is braked",
        }[condition]
        return Check(condition is not Condition.OPEN, f"{where}; {seen}")

    def called_for(self, tx: str) -> tuple[str, ...]:
        """Return the calldata of every brake that this transaction calls for."""
        return self._family.called_for(tx)

    def aimed(self, calldata: str) -> "RoutedAdapter | None":
        """Return the adapter of one of these, None for any other call."""
        family = self._family.aimed(calldata)
        if family is self._family:
            return self
        return None if family is None else RoutedAdapter(family, self._route, self._scope)

    def describe_release(self) -> str:
        """Say who can release the target."""
        return f"{self._family.deed.release}; never this automation"

    def _call(self, block: int | None) -> Call:
        deed = self._family.deed
        return Call(deed.target, self._family.calldata(block), deed.gas)
