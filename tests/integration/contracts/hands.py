"""Hands to work a contract on a node with."""

from typing import Any

import contracts
from sandbox.abi import Interface
from sandbox.evm import ETHER, Account, Call, Chain, Contract, created_by
from sandbox.node import LocalNode, RpcError


class Hands:
    """A node, an owner of contracts, and what it takes to create and call them."""

    def __init__(self, node: LocalNode, owner: str) -> None:
        self.node = node
        self.chain = Chain(node)
        self.owner = self.funded(owner)

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

    def refused(self, by: Contract, account: Account, call: Call) -> str:
        """Return the name of a contract's error that a call meets, '' when it meets none."""
        question = {
            "from": account.address,
            "to": call.to,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value),
        }
        try:
            self.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            return by.interface.error(bytes.fromhex(error.data[2:]))
        return ""
