"""A vault with a known flaw, for ether, behind a bucket of its own."""

from typing import Any

import contracts
from responders.bucket import Limits
from sandbox.abi import Interface
from sandbox.evm import ETHER, Account, Call, Chain, Contract, created_by
from sandbox.node import LocalNode, RpcError

NATIVE = "0x" + "00" * 20
HOUR = 3600
RAMP = HOUR
CREDIT = 600
LIMITS = Limits(10 * ETHER, ETHER // 360)
"""Ten ether, and as much again within an hour."""
DEPOSITS = 1000 * ETHER
IN_ETHER = NATIVE, 0, 1, 1, 1, RAMP, CREDIT, False
"""Terms without a feed: what is counted is wei."""


class Vaulted:
    """The bucket, the vault with other people's deposits, and hands to work them with."""

    def __init__(self, node: LocalNode, terms: tuple[Any, ...] = IN_ETHER) -> None:
        self.node = node
        self.chain = Chain(node)
        self.owner = self.funded("bucket owner")
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

    def funded(self, name: str) -> Account:
        """Return an account with ten thousand ether."""
        account = Account.named(name)
        self.node.rpc("anvil_setBalance", account.address, hex(10_000 * ETHER))
        return account

    def create(self, name: str, *arguments: Any) -> Contract:
        """Create one of our contracts."""
        artefact = contracts.load(name)
        interface = Interface(artefact.abi)
        address = created_by(self.owner.address, self.chain.nonce(self.owner))
        data = interface.creation(artefact.bytecode, *arguments)
        assert self.does(self.owner, Call(to=None, data=data, gas=5_000_000))
        return Contract(address, interface)

    def does(self, account: Account, call: Call, *, after: int = 12) -> bool:
        """Send a transaction into a block so many seconds later; say whether it succeeded."""
        sent = self.chain.send(account, call)
        self.chain.mine(after)
        self.receipt = self.chain.receipt(sent)
        return bool(self.receipt["status"] == "0x1")

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
        question = {
            "from": account.address,
            "to": call.to,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value),
        }
        try:
            self.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            return self.bucket.interface.error(bytes.fromhex(error.data[2:]))
        return ""
