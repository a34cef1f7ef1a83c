"""Bonded halt requests on a node: an owner, an arbiter, a harmed protocol, and watchers."""

from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Account, Call
from sandbox.node import LocalNode
from tests.integration.contracts.hands import Hands

HOUR = 3600
NOBODY = "0x" + "00" * 20
TARGET, OTHER = "0x" + "a1" * 20, "0x" + "a2" * 20
CLAIM, EVIDENCE = keccak(text="the pool is drained"), keccak(text="ipfs://what shows it")


class Terms(NamedTuple):
    """What requests are made on, as the contract takes it."""

    bond: int = 10 * ETHER
    reward: int = 7 * ETHER
    window: int = HOUR
    ruling: int = 2 * HOUR
    share: int = 3_000

    @property
    def stake(self) -> int:
        """What a challenger puts up, and may gain."""
        return self.bond * self.share // 10_000


class Bonded(Hands):
    """The contract with rewards for four, and everyone who deals with it."""

    def __init__(self, node: LocalNode, terms: Terms | None = None) -> None:
        super().__init__(node, "requests owner")
        self.terms = terms or Terms()
        self.arbiter = self.funded("arbiter")
        self.harmed = self.funded("the harmed")
        self.watcher = self.funded("watcher")
        self.second = self.funded("second watcher")
        self.challenger = self.funded("challenger")
        self.people = (self.owner, self.harmed, self.watcher, self.second, self.challenger)
        self.requests = self.create(
            "BondedRequests", self.owner.address, self.arbiter.address, self.terms
        )
        for target in (TARGET, OTHER):
            self.own("setTarget", target, self.harmed.address)
        assert self.does(self.owner, self.requests.call("fund", value=4 * self.terms.reward))

    def own(self, name: str, *arguments: Any) -> None:
        """Let the owner call a function."""
        assert self.does(self.owner, self.requests.call(name, *arguments))

    def requesting(
        self, target: str = TARGET, claim: bytes = CLAIM, *, least: int = 0, value: int = -1
    ) -> Call:
        """Return the call of a request, with the bond unless told otherwise."""
        value = self.terms.bond if value < 0 else value
        return self.requests.call("request", target, claim, EVIDENCE, least, value=value)

    def requested(self, by: Account | None = None, target: str = TARGET) -> bytes:
        """Make a request; return its name."""
        account = by or self.watcher
        assert self.does(account, self.requesting(target))
        return self.name(account.address, target)

    def name(self, watcher: str, target: str = TARGET, claim: bytes = CLAIM) -> bytes:
        """Return a request's name."""
        found: bytes = self.ask("idOf", watcher, target, claim, EVIDENCE)
        return found

    def challenging(self, name: bytes, *, value: int = -1) -> Call:
        """Return the call of a challenge, with the stake unless told otherwise."""
        value = self.terms.stake if value < 0 else value
        return self.requests.call("challenge", name, value=value)

    def ask(self, name: str, *arguments: Any) -> Any:
        """Return what the contract says."""
        return self.chain.read(self.requests, name, *arguments)[0]

    def owed(self, account: Account | str) -> int:
        """Return what an account may withdraw."""
        address = account if isinstance(account, str) else account.address
        return int(self.ask("owed", address))

    def balance(self) -> int:
        """Return what the contract has."""
        return self.chain.ether(self.requests.address)

    def refusal(self, account: Account, call: Call) -> str:
        """Return the name of the error that a call meets, '' when it meets none."""
        return self.refused(self.requests, account, call)
