"""Records of what people propose about a case, and what a second person answers. Keyed by protocol.

Nothing here acts: no service sends anything because of one of these. They are statements, kept with
the case, that people carry out with their own Safe or Governor, or do not.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from schemas.alerts import Sentence
from schemas.base import Part, Record
from schemas.units import Address, Calldata, Chain, Hash, Id, Key, Name, Seconds, Signature

Matter = Literal["attack", "false-alarm", "brake", "release"]
"""What is proposed: to take the case for an attack, or for none; that people pull a brake, or let
go of one."""

Verdict = Literal["approve", "veto"]

State = Literal["open", "approved", "vetoed"]

MAX_CALLS = 16
"""Of one proposal: more than anybody reads at once."""


class Voice(Part, frozen=True, kw_only=True):
    """Who says it, and what that rests on."""

    person: Name
    """As the console's roster names them."""
    account: Annotated[str, Meta(min_length=1, max_length=300)]
    """What they signed in with: CAIP-10 of a wallet, or `oidc:ISSUER#SUBJECT`. On the command line
    `key:ID` of the key that signed, or `user:NAME` of a machine's user."""
    time: Seconds
    """By the clock of the console, or of the machine where they said it."""
    signature: Signature = "0x"
    """Of a wallet, over the statement's EIP-712 digest (`runtime.attested`): anyone can check it.
    '0x': the console's word alone says that they said it."""


class Request(Part, frozen=True, kw_only=True):
    """A call without value that people are asked to make."""

    to: Address
    function: Annotated[str, Meta(max_length=600)] = ""
    """Its signature, `setCap(uint256)`, from which the bytes are read; '' where nobody knows it."""
    calldata: Calldata


class Proposal(Record, tag="proposal", frozen=True, kw_only=True):
    """What one person proposes about a case."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    matter: Matter
    words: Sentence
    """Why."""
    expires: Seconds
    """An answer after this counts for nothing."""
    by: Voice
    calls: Annotated[tuple[Request, ...], Meta(max_length=MAX_CALLS)] = ()
    staged: Hash | None = None
    """The digest of the step that `firebreak recover` staged, when these are its calls."""


class Answer(Record, tag="answer", frozen=True, kw_only=True):
    """What a second person says to a proposal, which they name by its id and so in every word."""

    id: Id
    chain: Chain
    protocol: Key
    incident: Id
    proposal: Id
    verdict: Verdict
    words: Sentence = ""
    by: Voice


class Decision(Part, frozen=True, kw_only=True):
    """A proposal as its case keeps it, and what became of it."""

    proposal: Id
    matter: Matter
    words: Sentence
    proposer: Voice
    expires: Seconds
    state: State = "open"
    answerer: Voice | None = None
    answer: Sentence = ""


def proposed(proposal: Proposal) -> Decision:
    """Return a proposal that nobody has answered."""
    return Decision(
        proposal=proposal.id,
        matter=proposal.matter,
        words=proposal.words,
        proposer=proposal.by,
        expires=proposal.expires,
    )


def objection(decision: Decision, answerer: Voice) -> str:
    """Say why this person's answer does not count, '' when it does.

    The first answer that counts ends a proposal. It is another person's, from another account, in
    time.
    """
    if decision.state != "open":
        return f"it was {decision.state} already"
    proposer = decision.proposer
    if answerer.person == proposer.person or answerer.account == proposer.account:
        return "who proposed it cannot answer it: that takes a second person"
    if answerer.time > decision.expires:
        return "it expired without an answer: propose it again"
    return ""


def answered(decision: Decision, answer: Answer) -> Decision:
    """Return the decision after an answer to it; unchanged by one that does not count."""
    if answer.proposal != decision.proposal or objection(decision, answer.by):
        return decision
    return replace(
        decision,
        state="approved" if answer.verdict == "approve" else "vetoed",
        answerer=answer.by,
        answer=answer.words,
    )


def dismissed(decisions: Sequence[Decision]) -> bool:
    """Say whether what two people last agreed on is that it was no attack."""
    agreed = [
        one.matter
        for one in decisions
        if one.state == "approved" and one.matter in ("attack", "false-alarm")
    ]
    return agreed[-1:] == ["false-alarm"]
