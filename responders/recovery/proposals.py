"""A step as what people decide on: transactions of a Safe, or one proposal of a Governor. Pure.

A Safe makes a step's calls one by one, at nonces in a row, each without delegatecall: what several
calls in one would save is not worth a signature on a delegatecall in an emergency. A Governor makes
them all at once, out of its timelock (OpenZeppelin 4.x and 5.x).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from responders.adapters.calls import called
from responders.recovery.moves import Move
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError

_PROPOSAL = "address[],uint256[],bytes[]"

GOVERNOR_STATES = (
    "pending", "active", "canceled", "defeated", "succeeded", "queued", "expired", "executed",
)  # fmt: skip
"""`IGovernor.ProposalState`."""

APPROVED = frozenset({"succeeded", "queued", "executed"})
"""The states that say that the votes were enough, by the Governor's own count."""


class Proposal(Protocol):
    """What is put before those who decide."""

    @property
    def moves(self) -> tuple[Move, ...]:
        """The calls, in order."""
        ...

    @property
    def digest(self) -> str:
        """Names exactly these calls, made by exactly this Safe or Governor."""
        ...

    @property
    def shown(self) -> dict[str, Any]:
        """What has to be signed or sent, for programs; people read `Move.words` beside it."""
        ...


@dataclass(frozen=True, slots=True)
class SafeProposal:
    """A step made by a Safe's owners; `nonce` is the first transaction's."""

    chain_id: int
    safe: str
    nonce: int
    moves: tuple[Move, ...]

    @property
    def transactions(self) -> tuple[SafeTransaction, ...]:
        """Return what owners sign."""
        return tuple(
            SafeTransaction(self.chain_id, self.safe, move.to, move.calldata, self.nonce + place)
            for place, move in enumerate(self.moves)
        )

    @property
    def digest(self) -> str:
        """Return the hash over every `safeTxHash`."""
        return "0x" + keccak(b"".join(one.digest for one in self.transactions)).hex()

    @property
    def shown(self) -> dict[str, Any]:
        """Return each transaction's hash, and its typed data for a wallet."""
        return {
            "safe": self.safe,
            "transactions": [
                {"hash": "0x" + one.digest.hex(), "typed": one.typed} for one in self.transactions
            ],
        }


@dataclass(frozen=True, slots=True)
class GovernorProposal:
    """A step decided on by votes."""

    governor: str
    description: str
    """Part of what is voted on: the same calls can be proposed twice only in other words."""
    moves: tuple[Move, ...]

    @property
    def digest(self) -> str:
        """Return the Governor's own id of it (`hashProposal`)."""
        types = [*_PROPOSAL.split(","), "bytes32"]
        return "0x" + keccak(encode(types, [*self._calls, self._hash])).hex()

    @property
    def propose(self) -> Move:
        """Return the call that puts it to the vote."""
        return self._move(f"propose({_PROPOSAL},string)", *self._calls, self.description)

    def vote(self, support: int) -> Move:
        """Return the call that votes: 0 against, 1 for, 2 abstains."""
        return self._move("castVote(uint256,uint8)", int(self.digest, 16), support)

    def ending(self, verb: str) -> Move:
        """Return the call that does `queue`, `execute` or `cancel` to it."""
        return self._move(f"{verb}({_PROPOSAL},bytes32)", *self._calls, self._hash)

    @property
    def shown(self) -> dict[str, Any]:
        """Return what each stage of it sends to the Governor."""
        moves = {
            "propose": self.propose,
            "vote": self.vote(1),
            "queue": self.ending("queue"),
            "execute": self.ending("execute"),
            "cancel": self.ending("cancel"),
        }
        return {
            "governor": self.governor,
            "description": self.description,
            "send": {name: move.calldata for name, move in moves.items()},
        }

    @property
    def _hash(self) -> bytes:
        return keccak(text=self.description)

    @property
    def _calls(self) -> tuple[list[str], list[int], list[bytes]]:
        return (
            [move.to for move in self.moves],
            [0 for _ in self.moves],
            [bytes.fromhex(move.calldata[2:]) for move in self.moves],
        )

    def _move(self, function: str, *arguments: Any) -> Move:
        return Move(self.governor, function, called(function, *arguments))


def require_moves(moves: Sequence[Move]) -> tuple[Move, ...]:
    """Return the calls of a step. Raises `ConfigurationError` for none, and for bytes that signers
    could not be shown in full."""
    if not moves:
        raise ConfigurationError("a step without calls is nothing to decide on")
    for one in moves:
        _ = one.words
    return tuple(moves)
