"""What an approved proposal gives those who carry it out: what their Safe signs, as files. Pure.

All of it follows from published records, so anybody can make it again and compare. Nothing here is
signed or sent: who may do that is the Safe's to say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.atlas import Atlas
from console.picture import Asked
from runtime.attested import WALLET
from runtime.safe_transactions import SafeTransaction, proposed_rows
from schemas.decisions import Proposal
from schemas.incidents import Signing
from schemas.units import split_account

ORIGIN = "Firebreak"


@dataclass(frozen=True, slots=True)
class Packet:
    """What is handed out."""

    asked: Asked
    transactions: tuple[SafeTransaction, ...] = ()
    """What each owner signs, in order; none where the Safe or its nonce is not known here."""
    trouble: str = ""
    """Why nobody should sign, '' where nothing speaks against it."""

    @property
    def batch(self) -> dict[str, Any]:
        """Return the calls as the Transaction Builder of Safe{Wallet} loads them, for any Safe and
        whatever nonce it is at."""
        proposal = self.asked.proposal
        return {
            "version": "1.0",
            "chainId": proposal.chain.rpartition(":")[2],
            "createdAt": proposal.by.time * 1000,
            "meta": {"name": f"{ORIGIN} {proposal.id[:16]}", "description": proposal.words},
            "transactions": [
                {"to": call.to, "value": "0", "data": call.calldata} for call in proposal.calls
            ],
        }

    @property
    def signing(self) -> dict[str, Any]:
        """Return what was decided, by whom, and for each transaction its hash, what a wallet signs
        (EIP-712), and what the transaction service takes with an owner's signature."""
        proposal, answerer = self.asked.proposal, self.asked.decision.answerer
        return {
            "proposal": proposal.id,
            "case": proposal.incident,
            "matter": proposal.matter,
            "words": proposal.words,
            "proposed_by": proposal.by.person,
            "approved_by": "" if answerer is None else answerer.person,
            "transactions": proposed_rows(self.transactions, f"{ORIGIN} {proposal.id}"),
        }


def packet_of(asked: Asked, staged: Signing | None, atlas: Atlas) -> Packet | None:
    """Return what an approved proposal with calls gives; None for any other.

    `staged` is the step that `firebreak recover` has before the signers now.
    """
    proposal = asked.proposal
    if asked.decision.state != "approved" or not proposal.calls:
        return None
    made = _transactions(proposal, staged)
    trouble = _trouble(proposal, staged, made, atlas)
    return Packet(asked, () if trouble else made, trouble)


def packets_of(
    found: Iterable[Asked], staged: Signing | None, atlas: Atlas
) -> Mapping[str, Packet]:
    """Return, by proposal, what each gives."""
    given = {asked.proposal.id: packet_of(asked, staged, atlas) for asked in found}
    return {name: packet for name, packet in given.items() if packet is not None}


def _trouble(
    proposal: Proposal, staged: Signing | None, made: tuple[SafeTransaction, ...], atlas: Atlas
) -> str:
    """Say why nobody should sign, '' where nothing speaks against it."""
    if not all(atlas.call(one.function, one.calldata) for one in proposal.calls):
        return "it has bytes that cannot be read in full"
    if proposal.staged is not None and (staged is None or staged.digest != proposal.staged):
        return "what was approved is not what is staged now: see Recovery"
    if made and staged is not None and tuple(map(_hash, made)) != staged.hashes:
        return "the hashes that were published are not those of these calls"
    return ""


def _transactions(proposal: Proposal, staged: Signing | None) -> tuple[SafeTransaction, ...]:
    """Return a staged step's calls as its Safe's transactions; none for votes of a Governor, for
    calls that are no step, or on a chain whose wallets sign something else."""
    if proposal.staged is None or staged is None or staged.decider != "safe":
        return ()
    chain, safe = split_account(staged.executor)
    if not chain.startswith(WALLET):
        return ()
    number = int(chain.rpartition(":")[2])
    return tuple(
        SafeTransaction(number, safe, call.to, call.calldata, staged.nonce + place)
        for place, call in enumerate(proposal.calls)
    )


def _hash(transaction: SafeTransaction) -> str:
    return "0x" + transaction.digest.hex()
