"""A cover pool on a node, with capital, a holder, an asserter, a disputer and an arbiter."""

from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from sandbox.evm import ETHER, Account, Call
from sandbox.node import LocalNode
from tests.integration.underwriting.insured import PERCENT, Insured

HOUR, DAY = 3_600, 86_400
CASE, EVIDENCE = keccak(text="a case"), keccak(text="its evidence")
FATES = ("none", "open", "disputed", "true", "false", "released")


class Terms(NamedTuple):
    """As the contract takes them."""

    bond: int = 10 * ETHER
    liveness: int = 2 * HOUR
    ruling: int = DAY
    waiting: int = DAY
    report_within: int = 3 * DAY
    claim_within: int = 7 * DAY
    least_rate: int = PERCENT // 10
    most_rate: int = 20 * PERCENT
    fresh: int = HOUR


class Covered(Insured):
    """The pool, and everyone who deals with it."""

    def __init__(self, node: LocalNode, terms: Terms | None = None) -> None:
        super().__init__(node)
        self.terms = Terms() if terms is None else terms
        self.arbiter, self.holder = self.funded("arbiter"), self.funded("holder")
        self.asserter, self.disputer = self.funded("asserter"), self.funded("disputer")
        self.people = (self.owner, self.holder, self.asserter, self.disputer, self.arbiter)
        self.pool = self.create(
            "ParametricCover", self.owner.address, self.feed.address, self.arbiter.address,
            self.terms,
        )  # fmt: skip
        assert self.does(self.owner, self.pool.call("deposit", value=1_000 * ETHER))

    def buying(self, amount: int = 100 * ETHER, days: int = 30) -> Call:
        """Return the purchase, with all that it could cost."""
        most = amount * 3
        return self.pool.call("buy", amount, days * DAY, most, value=most)

    def bought(self, amount: int = 100 * ETHER, days: int = 30) -> int:
        """Buy cover that begins now; return its number."""
        self.reported(1.0)
        assert self.does(self.holder, self.buying(amount, days))
        self.chain.mine(self.terms.waiting)
        return int(self.told("policies"))

    def asserting(self, case: bytes = CASE, *, share: int = 10_000, at: int | None = None) -> Call:
        """Return the assertion that a case happened in the newest block, unless told otherwise."""
        when = self.now if at is None else at
        return self.pool.call("assertCase", case, EVIDENCE, when, share, value=self.terms.bond)

    def asserted(self, case: bytes = CASE, *, share: int = 10_000, at: int | None = None) -> bytes:
        """Assert; return the assertion's name."""
        when = self.now if at is None else at
        assert self.does(self.asserter, self.asserting(case, share=share, at=when))
        found: bytes = self.told("idOf", self.asserter.address, case, EVIDENCE, when, share)
        return found

    def disputed(self, name: bytes) -> None:
        """Dispute."""
        call = self.pool.call("dispute", name, value=self.terms.bond)
        assert self.does(self.disputer, call)

    def settled(self, name: bytes) -> None:
        """Let the time for disputes go by, and settle."""
        assert self.does(self.stranger, self.pool.call("settle", name), after=self.terms.liveness)

    def does_pool(self, account: Account, name: str, *arguments: Any, after: int = 12) -> bool:
        """Call a function of the pool; say whether it succeeded."""
        return self.does(account, self.pool.call(name, *arguments), after=after)

    def no(self, account: Account, name: str, *arguments: Any, value: int = 0) -> str:
        """Return why the pool refuses a call, '' where it does not."""
        return self.refusal(account, self.pool.call(name, *arguments, value=value), self.pool)

    def told(self, name: str, *arguments: Any) -> Any:
        """Return what the pool says."""
        return self.ask(name, *arguments, of=self.pool)

    def fate(self, name: bytes) -> str:
        """Return how an assertion stands."""
        return FATES[self.told("assertionOf", name)[0]]

    def owed(self, account: Account) -> int:
        """Return what an account may withdraw."""
        return int(self.told("owed", account.address))

    def solvent(self, bonds: int = 0) -> bool:
        """Say whether all that is promised is there: capital, what is owed, and open bonds."""
        capital, committed = self.told("capital"), self.told("committed")
        owed = sum(self.owed(account) for account in self.people)
        held = self.chain.ether(self.pool.address)
        return bool(committed <= capital and held == capital + owed + bonds * self.terms.bond)
