"""Where people work on one case: the plan, its log, and a node that is only ever asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from responders.adapters import registry
from responders.adapters.adapter import RoutedAdapter
from responders.adapters.base import Scope
from responders.adapters.calls import called, word
from responders.adapters.route import Direct
from responders.chain import Chain, NodeChain
from responders.recovery import telling
from responders.recovery.checks import red
from responders.recovery.consent import (
    deciders,
    governor_state,
    safe_carried_out,
    signer_of,
)
from responders.recovery.course import NotYetError, Terms, missing
from responders.recovery.events import Approved, CarriedOut, Elapsed, Event, Observed, Staged
from responders.recovery.holds import Hold, hold
from responders.recovery.log import Log, Opened
from responders.recovery.plan import RecoveryPlan
from responders.recovery.proposals import APPROVED, GovernorProposal, Proposal, SafeProposal
from responders.recovery.simulation import Rehearsal, rehearse
from responders.recovery.upgrades import differences, require_safe
from responders.safe_service import Proposer, SafeService
from runtime.clock import Clock, SystemClock
from runtime.evm import Endpoints
from schemas.errors import ConfigurationError
from schemas.incidents import Recovery
from schemas.manifest import Brake

MOST_BLOCKS = 1000
"""How many blocks are judged at once. Of more only the newest are, which starts the count again."""


class Node:
    """The chain, as it is asked here."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.chain: Chain = NodeChain(endpoints)


def held(node: Node, brake: Brake, evidence: Scope, expires_at: int | None) -> Hold:
    """Return on what terms a brake of the manifest holds.

    Raises `UnboundedBrakeError` for one that should not have been set on these.
    """
    family = registry.family_of(brake, node.chain)
    means = RoutedAdapter(family, Direct(), brake.scope).plan()
    return hold(means, evidence, node.chain.head().timestamp, expires_at)


def opened(node: Node, plan: RecoveryPlan, terms: Hold) -> Opened:
    """Return the first line of a case's log, with who decides as the chain has it."""
    _require_chain(node, plan)
    who = deciders(node.chain, plan)
    agreed = Terms(
        signers=who.signers,
        quorum=who.quorum,
        green_blocks=plan.green_blocks,
        ramp=tuple(stage.cap for stage in plan.stages),
    )
    return Opened(plan.case, agreed, terms)


@dataclass(frozen=True, slots=True)
class Desk:
    """One case's plan and log. Raises `TransientError` when no node answers."""

    node: Node
    plan: RecoveryPlan
    log: Log
    folder: Path
    """Where the plan is."""
    tell: Callable[[Recovery], None]
    """Returns once everyone can read it."""
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        _require_chain(self.node, self.plan)
        course, opened = self.log.course, self.log.opened
        ramp = tuple(stage.cap for stage in self.plan.stages)
        if (opened.case, course.terms.ramp, course.terms.green_blocks) != (
            self.plan.case,
            ramp,
            self.plan.green_blocks,
        ):
            raise ConfigurationError(
                "the case was opened with another case id, ramp or number of green blocks: put "
                "them back as they were"
            )

    def standing(self) -> Iterator[str]:
        """Say where the case stands."""
        course = self.log.course
        yield f"phase: {course.phase}"
        yield f"brake: {'lapsed' if course.lapsed else course.hold.release}"
        yield f"released: {course.released / 100:g} % of the ordinary caps"
        yield f"root cause: {course.cause or 'not recorded'}"
        for place, step in enumerate(self.plan.steps):
            yield f"  [{'x' if place < course.done else ' '}] {step.words}"
        for lacks in missing(course):
            yield f"missing: {lacks}"

    def propose(self) -> tuple[Proposal, Rehearsal]:
        """Stage the next step as it has to be now.

        Raises `UnsafeUpgradeError` for one that would break the storage behind a proxy, and
        `NotYetError` when it is too early for it, or when a call of it would revert; for a stage of
        the release also when an invariant would not hold afterwards.
        """
        self.watch()
        course = self.log.course
        if course.finished:
            raise NotYetError("every step was carried out")
        step = self.plan.steps[course.done]
        require_safe(step, self.folder)
        differences(step, self.folder, self.node.endpoints)
        number = self.log.tries if self.plan.governor else self._nonce()
        proposal = self.plan.proposal(course.done, number)
        rehearsal = rehearse(
            self.node.endpoints, self.plan.executor, proposal.moves, self.plan.checks
        )
        failing = [one for one in rehearsal.effects if not one.ok]
        if failing:
            told = "; ".join(f"{one.move.words} would revert: {one.reason}" for one in failing)
            raise NotYetError(f"at block {rehearsal.block} {told}")
        if course.done and rehearsal.broken:
            raise NotYetError(
                f"at block {rehearsal.block} it would leave red: {', '.join(rehearsal.broken)}"
            )
        self.take(Staged(proposal.digest, number))
        return proposal, rehearsal

    def told(self, proposal: Proposal, rehearsal: Rehearsal) -> Iterator[str]:
        """Say what signers are asked, decoded, and what it would do."""
        yield f"{self.plan.steps[self.log.course.done].words}"
        yield f"digest: {proposal.digest}"
        step = self.plan.steps[self.log.course.done]
        for line in differences(step, self.folder, self.node.endpoints):
            yield f"  {line}"
        for effect in rehearsal.effects:
            yield f"  {effect.move.words}"
            yield f"    at block {rehearsal.block}: {effect.gas} gas, {effect.events} events"
        red_then = ", ".join(rehearsal.broken)
        yield f"invariants afterwards: {f'red: {red_then}' if red_then else 'all green'}"

    def approve(self, signatures: Sequence[str]) -> str:
        """Record an agreement, given on what is known up to the newest block; return whose it is.

        Raises `ConfigurationError` for signatures of anything else, `NotYetError` for votes that
        are not enough, or a signer whose agreement does not count.
        """
        self.watch()
        proposal = self.staged()
        if isinstance(proposal, GovernorProposal):
            state = governor_state(self.node.chain, proposal.governor, proposal.digest)
            if state not in APPROVED:
                raise NotYetError(f"the Governor has the proposal as {state}")
            signer = proposal.governor
        else:
            signer = signer_of(_of_a_safe(proposal), signatures)
        self.take(Approved(proposal.digest, signer))
        return signer

    def carried_out(self, txs: Sequence[str]) -> None:
        """Record the staged step as done. Raises `NotYetError` when the chain does not show it."""
        proposal = self.staged()
        if isinstance(proposal, GovernorProposal):
            state = governor_state(self.node.chain, proposal.governor, proposal.digest)
            if state != "executed":
                raise NotYetError(f"the Governor has the proposal as {state}")
        elif not safe_carried_out(self.node.endpoints, _of_a_safe(proposal), txs):
            raise NotYetError("these transactions do not show that the Safe made every call")
        self.take(CarriedOut(proposal.digest))

    def watch(self) -> tuple[str, ...]:
        """Judge each block since the last judged; return what is red after the newest."""
        head = self.node.chain.head()
        course = self.log.course
        first = head.number if course.block is None else course.block + 1
        found: tuple[str, ...] = ()
        for block in range(max(first, head.number - MOST_BLOCKS + 1), head.number + 1):
            found = red(self.node.chain, self.plan.checks, block)
            self.log.record(Observed(block, not found))
        if course.hold.expired(head.timestamp) and not course.lapsed:
            self.take(Elapsed(head.timestamp))
        return found

    def record(self) -> Recovery:
        """Return how far the case has come, as it is published."""
        log = self.log
        return telling.standing(self.plan, log.course, log.staged, log.length)

    def take(self, event: Event) -> None:
        """Tell everyone what happens, then write it down.

        Raises `NotYetError` for what must not happen yet, which is not told; and as `tell` does:
        what was not told is not written down.
        """
        self.tell(telling.told(self.plan, self.log, event, self.clock.now_ns() // 10**9))
        self.log.record(event)

    def staged(self) -> Proposal:
        """Return what those who decide are asked now. Raises `NotYetError` when that is nothing."""
        course, staged = self.log.course, self.log.staged
        if not course.proposal or staged is None:
            raise NotYetError("nothing is staged: propose the next step")
        proposal = self.plan.proposal(course.done, staged.number)
        if proposal.digest != course.proposal:
            raise NotYetError("the plan was changed since: propose the step again")
        return proposal

    def posted(self, service: SafeService, proposer: Proposer) -> Iterator[str]:
        """Put what is staged before a Safe's owners, on their transaction service; say what came of
        it, and what waits there for the same nonces.

        Raises `NotYetError` for a nonce that the Safe used since, `ConfigurationError` where a
        Governor decides, and as `SafeService` does.
        """
        proposal = self.staged()
        if not isinstance(proposal, SafeProposal):
            raise ConfigurationError("a Governor decides: its proposal is sent to the chain")
        if self._nonce() > proposal.nonce:
            raise NotYetError("the Safe used this nonce since: propose the step again")
        wanted = {one.nonce: "0x" + one.digest.hex() for one in proposal.transactions}
        for queued in service.queued(proposal.safe, proposal.nonce):
            if wanted.get(queued.nonce, queued.digest) != queued.digest:
                yield (
                    f"nonce {queued.nonce}: {queued.digest} waits there too"
                    f"{', signed by enough' if queued.ready else ''}; whichever is carried out "
                    f"first voids the other"
                )
        for one in proposal.transactions:
            yield f"nonce {one.nonce}: proposed {service.propose(one, proposer)}"

    def _nonce(self) -> int:
        nonce = word(self.node.chain, self.plan.executor, called("nonce()"), None)
        if nonce is None:
            raise ConfigurationError(f"{self.plan.executor} is no Safe")
        return nonce


def _of_a_safe(proposal: Proposal) -> SafeProposal:
    assert isinstance(proposal, SafeProposal)  # noqa: S101 - there are two kinds
    return proposal


def _require_chain(node: Node, plan: RecoveryPlan) -> None:
    if node.chain.name != plan.chain:
        raise ConfigurationError(f"the node is of {node.chain.name}, the plan of {plan.chain}")
