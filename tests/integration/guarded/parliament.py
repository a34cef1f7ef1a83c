"""OpenZeppelin's governor with votes and a timelock that pays, and how decisions are made there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Account, Call
from sandbox.safe import NOBODY
from tests.integration.detectors.theatre import OPENZEPPELIN, Act
from tests.integration.guarded.guarded import Guarded

DELAY = 3_600
"""Seconds that a decision waits for, once it is queued."""
VOTING = 6
"""Blocks from a proposal until its votes are counted."""

Play = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Payment:
    """A proposal to pay somebody from the timelock's own."""

    targets: list[str]
    values: list[int]
    calls: list[bytes]
    words: str

    @property
    def terms(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        return self.targets, self.values, self.calls, keccak(text=self.words)


class Parliament:
    """Holders of votes, a governor, and a timelock that holds a million."""

    def __init__(self, guarded: Guarded, people: list[Account]) -> None:
        theatre, make = guarded.theatre, guarded.theatre.deployer
        self.chain, self.people, self.keeper = theatre.chain, people, theatre.keeper
        self.votes = make.create("VotesToken", 10**9 * ETHER)
        self.timelock = make.create_packaged(
            OPENZEPPELIN, "TimelockController", DELAY, [], [NOBODY], make.account.address
        )
        self.assembly = make.create("Assembly", self.votes.address, self.timelock.address)
        self.gate = guarded.stage.new_gate("CancelGate", self.timelock.address)
        for role, holder in (
            ("PROPOSER_ROLE", self.assembly),
            ("CANCELLER_ROLE", self.assembly),
            ("CANCELLER_ROLE", self.gate),
        ):
            make.send([self.timelock.call("grantRole", keccak(text=role), holder.address)])
        make.send([self.timelock.call("renounceRole", bytes(32), make.account.address)])
        make.send(
            self.votes.call("transfer", one.address, (1_000 + 300 * number) * ETHER)
            for number, one in enumerate(people)
        )
        make.send([self.votes.call("transfer", self.keeper.address, 60 * 10**6 * ETHER)])
        make.send([self.votes.call("transfer", self.timelock.address, 10**6 * ETHER)])
        make.settle()
        guarded.stage.do(self.keeper, self.votes.call("delegate", self.keeper.address))

    def payment(self, amount: int, to: Account, words: str) -> Payment:
        call = self.votes.call("transfer", to.address, amount)
        return Payment([self.votes.address], [0], [call.data], words)

    def proposes(self, payment: Payment) -> Call:
        given = payment.targets, payment.values, payment.calls, payment.words
        return self.assembly.call("propose", *given)

    def votes_for(self, payment: Payment) -> Call:
        (name,) = self.chain.read(self.assembly, "hashProposal", *payment.terms)
        return self.assembly.call("castVote", name, 1)

    def step(self, name: str, payment: Payment) -> Call:
        """Return the call that queues or executes."""
        return self.assembly.call(name, *payment.terms)

    def queued(
        self, play: Play, *decisions: tuple[Account, Payment], voter: Account | None = None
    ) -> list[Any]:
        """Let them propose, vote (or another one for them) and queue; return what `play` said of
        each block."""
        said = [play(*((who, self.proposes(what)) for who, what in decisions)), play()]
        said.append(play(*((voter or who, self.votes_for(what)) for who, what in decisions)))
        said += [play() for _ in range(VOTING)]
        said += [play(*self.queues(*decisions))]
        return said

    def queues(self, *decisions: tuple[Account, Payment]) -> list[Act]:
        return [(who, self.step("queue", what)) for who, what in decisions]
