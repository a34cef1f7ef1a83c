"""The way back as it is told from afar: what is done, what is missing, what is signed. Pure.

What does not fit into a record is left out as a whole: half a call is worse than none.
"""

from responders.recovery.course import Course, missing
from responders.recovery.plan import RecoveryPlan
from responders.recovery.proposals import Proposal, SafeProposal
from schemas.decisions import MAX_CALLS, Request
from schemas.incidents import Checklist, Signing, Task
from schemas.units import MAX_CALLDATA, account

_MOST_SIGNERS = 256
_LONGEST_SENTENCE = 500


def checklist(plan: RecoveryPlan, course: Course, number: int | None) -> Checklist:
    """Return the checklist; `number` is what the staged proposal was made with, None for none."""
    staged = None
    if course.proposal and number is not None:
        staged = signing(plan, plan.proposal(course.done, number))
    return Checklist(
        tasks=tuple(
            Task(words=step.words, done=place < course.done)
            for place, step in enumerate(plan.steps)
        ),
        missing=tuple(words[:_LONGEST_SENTENCE] for words in missing(course)),
        signers=_accounts(plan, course.terms.signers),
        quorum=course.terms.quorum,
        approvals=_accounts(plan, course.approvals),
        staged=staged,
    )


def signing(plan: RecoveryPlan, proposal: Proposal) -> Signing | None:
    """Return a step as signers get it; None for one too large to be read from afar."""
    calls = tuple(
        Request(to=move.to, function=move.function, calldata=move.calldata)
        for move in proposal.moves
        if len(move.calldata) <= 2 + 2 * MAX_CALLDATA
    )
    if len(calls) != len(proposal.moves) or len(calls) > MAX_CALLS:
        return None
    executor = account(plan.chain, plan.executor)
    if not isinstance(proposal, SafeProposal):
        return Signing(digest=proposal.digest, decider="governor", executor=executor, calls=calls)
    return Signing(
        digest=proposal.digest,
        decider="safe",
        executor=executor,
        calls=calls,
        hashes=tuple("0x" + one.digest.hex() for one in proposal.transactions),
        nonce=proposal.nonce,
    )


def _accounts(plan: RecoveryPlan, addresses: frozenset[str]) -> tuple[str, ...]:
    return tuple(account(plan.chain, one) for one in sorted(addresses)[:_MOST_SIGNERS])
