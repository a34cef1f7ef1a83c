"""What two people decided in the console, read from its topic and checked again by whoever reads.

A statement that names a wallet needs its signature, the second person is another one, and of an
answer that came too late nothing remains (`schemas.decisions`). Who decided without a wallet is
believed on the console's word.
"""

from typing import NamedTuple

from responders.adapters.calls import called, word
from responders.chain import Chain
from responders.recovery.consent import Deciders, safe_deciders
from responders.recovery.course import NotYetError
from responders.recovery.moves import Move
from responders.recovery.proposals import SafeProposal, require_moves
from runtime import attested
from runtime.broker import History, Message, read_topic
from schemas.codec import decode_from
from schemas.decisions import Answer, Decision, Proposal, answered, proposed
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.topics import DECISIONS

SHORTEST = 8
"""Digits of an id that name a proposal."""


class Decided(NamedTuple):
    """A proposal, and what became of it."""

    proposal: Proposal
    decision: Decision


def decided(broker: History, start: str) -> Decided:
    """Return the one proposal whose id begins so, approved.

    Raises `ConfigurationError` when none is named so, or more than one, and `NotYetError` for one
    that was not approved.
    """
    if len(start) < SHORTEST:
        raise ConfigurationError(f"{start!r}: give at least {SHORTEST} digits of the proposal's id")
    found: dict[str, Decided] = {}

    def take(message: Message) -> None:
        try:
            record = decode_from(DECISIONS, message.value or b"")
            if not isinstance(record, Proposal | Answer):
                return
            attested.require(record)
        except PoisonRecordError:
            return  # nobody has said it
        if isinstance(record, Proposal):
            if record.id.startswith(start):
                found.setdefault(record.id, Decided(record, proposed(record)))
        elif record.proposal in found:
            asked = found[record.proposal]
            found[record.proposal] = asked._replace(decision=answered(asked.decision, record))

    read_topic(broker, DECISIONS.name, take)
    if len(found) != 1:
        told = ", ".join(sorted(found)[:5]) or "none"
        raise ConfigurationError(f"{start!r} must name one proposal; on {DECISIONS.name}: {told}")
    (one,) = found.values()
    if one.decision.state != "approved":
        raise NotYetError(f"{one.proposal.matter}: it is {one.decision.state}, not approved")
    return one


def for_safe(chain: Chain, proposal: Proposal, safe: str) -> tuple[SafeProposal, Deciders]:
    """Return the calls of a proposal as a Safe's transactions from the nonce that it is at now, and
    who decides there.

    Raises `ConfigurationError` for a proposal without calls, of another chain, with bytes that
    signers could not be shown in full, or where there is no Safe.
    """
    if proposal.chain != chain.name:
        raise ConfigurationError(f"the node is of {chain.name}, the proposal of {proposal.chain}")
    moves = require_moves([Move(one.to, one.function, one.calldata) for one in proposal.calls])
    who = safe_deciders(chain, safe)
    nonce = word(chain, safe, called("nonce()"), None)
    if nonce is None:
        raise ConfigurationError(f"{safe} is no Safe")
    return SafeProposal(int(chain.name.rpartition(":")[2]), safe, nonce, moves), who
