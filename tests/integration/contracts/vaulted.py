"""A vault with a known flaw, for ether, behind a bucket of its own."""

from typing import Any

from responders.bucket import Limits
from sandbox.evm import ETHER, Account, Call
from sandbox.node import LocalNode
from tests.integration.contracts.hands import Hands

NATIVE = "0x" + "00" * 20
HOUR = 3600
RAMP = HOUR
CREDIT = 600
LIMITS = Limits(10 * ETHER, ETHER // 360)
"""Ten ether, and as much again within an hour."""
DEPOSITS = 1000 * ETHER
IN_ETHER = NATIVE, 0, 1, 1, 1, RAMP, CREDIT, False
"""Terms without a feed: what is counted is wei."""


class Vaulted(Hands):
    """The bucket, the vault with other people's deposits, and hands to work them with."""

    def __init__(self, node: LocalNode, terms: tuple[Any, ...] = IN_ETHER) -> None:
        super().__init__(node, "bucket owner")
        self.responder = self.funded("bucket responder")
        self.depositor = self.funded("depositor")
        self.user = self.funded("bucket user")
        self.bucket = self.create("OutflowBucket", self.owner.address)
        self.vault = self.create("BoundedVault", self.bucket.address)
        self.own("list", NATIVE, terms, *LIMITS)
        self.own("enrol", self.vault.address, NATIVE, True)  # noqa: FBT003 - the contract's
        self.own("setMayTighten", self.responder.address, True)  # noqa: FBT003 - the contract's
        for account, value in ((self.depositor, DEPOSITS), (self.user, 20 * ETHER)):
            assert self.does(account, self.vault.call("deposit", value=value))
        self.chain.mine(CREDIT)

    def own(self, name: str, *arguments: Any) -> None:
        """Let the owner call a function of the bucket."""
        assert self.does(self.owner, self.bucket.call(name, *arguments))

    def withdraw(self, amount: int, account: Account | None = None, *, after: int = 12) -> bool:
        """Let somebody, the depositor by itself, withdraw; say whether it succeeded."""
        return self.does(
            account or self.depositor, self.vault.call("withdraw", amount), after=after
        )

    def tighten(self, to: Limits, seconds: int, *, after: int = 12) -> None:
        """Let the responder tighten."""
        call = self.bucket.call("tighten", NATIVE, *to, seconds)
        assert self.does(self.responder, call, after=after)

    def available(self) -> int:
        """Return what may leave now."""
        return int(self.chain.read(self.bucket, "available", NATIVE)[0])

    def limits(self) -> Limits:
        """Return the limits now."""
        return Limits(*self.chain.read(self.bucket, "limits", NATIVE))

    def held(self) -> int:
        """Return what the vault holds."""
        return self.chain.ether(self.vault.address)

    def refusal(self, account: Account, call: Call) -> str:
        """Return the name of the bucket's error that a call meets, '' when it meets none."""
        return self.refused(self.bucket, account, call)
