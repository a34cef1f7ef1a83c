"""A gate in its world, which every test finds as it was set up."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import contracts
from sandbox import fetch
from sandbox.abi import Interface
from sandbox.deploy import ALLOWED, deploy
from sandbox.evm import Account, Call, Chain, Contract, created_by
from sandbox.node import LocalNode, NodeOptions, RpcError
from sandbox.safe import approved
from sandbox.world import PAUSE, World


def _report(line: str) -> None:
    """Say nothing."""


class Bench:
    """The gate, and hands to work it with."""

    def __init__(self, node: LocalNode, world: World) -> None:
        self.node = node
        self.world = world
        self.chain = Chain(node)
        self.gate = world.gate
        self.responder = world.accounts["responder"]
        self.heartbeat = world.accounts["heartbeat"]
        self.stranger = world.users[0]

    def act(self, account: Account, call: Call) -> Any:
        """Send a transaction and return its receipt."""
        transaction = self.chain.send(account, call)
        self.chain.mine()
        return self.chain.receipt(transaction)

    def reason(self, sender: str, call: Call) -> str:
        """Return the name of the error that a call meets, '' when it meets none."""
        question = {"from": sender, "to": call.to, "data": "0x" + call.data.hex()}
        try:
            self.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            return self.gate.interface.error(bytes.fromhex(error.data[2:]))
        return ""

    def refused(self, account: Account, call: Call) -> str:
        """Send what must fail, and return why it did."""
        reason = self.reason(account.address, call)
        assert self.act(account, call)["status"] == "0x0"
        return reason

    def by_safe(self, call: Call) -> Any:
        """Let two owners of the Safe do something; return the receipt."""
        owners = self.world.accounts["owner-1"], self.world.accounts["owner-2"]
        nonce = self.chain.read(self.world.safe, "nonce")[0]
        signed = approved(self.world.safe, owners, call, nonce, self.chain.id)
        return self.act(self.stranger, signed)

    def set(self, name: str, *arguments: Any) -> None:
        """Let the Safe call a function of the gate."""
        assert self.by_safe(self.gate.call(name, *arguments))["status"] == "0x1"

    def get(self, name: str, *arguments: Any) -> Any:
        """Return what the gate says."""
        return self.chain.read(self.gate, name, *arguments)[0]

    def allow(self, target: Contract, name: str, *arguments: Any) -> bytes:
        """Let the Safe allow-list a call; return its calldata."""
        data = target.interface.encode(name, *arguments)
        self.set("setBrake", target.address, data, ALLOWED)
        return data

    def braking(
        self,
        action: int,
        *,
        epoch: int = 0,
        target: str = "",
        data: bytes = bytes.fromhex(PAUSE[2:]),
    ) -> Call:
        """Return the call that brakes; the lending pool unless told otherwise."""
        target = target or self.world.pool.address
        return self.gate.call("brake", action.to_bytes(32), epoch, target, data)

    def judged(self, call: Call, account: Account | None = None) -> str:
        """Return what `judge` says of a call of `brake`, '' for no objection."""
        types = Interface([{**self._brake(), "outputs": self._brake()["inputs"]}])
        arguments = types.decode("brake", call.data[4:])
        reason: bytes = self.get("judge", (account or self.responder).address, *arguments)
        return self.gate.interface.error(reason) if any(reason) else ""

    def _brake(self) -> Any:
        return next(entry for entry in self.gate.interface.abi if entry.get("name") == "brake")

    def brake_refused(self, call: Call, account: Account | None = None) -> str:
        """Try to brake, which must fail as `judge` foretells; return why it did."""
        account = account or self.responder
        foretold = self.judged(call, account)
        assert self.refused(account, call) == foretold
        return foretold

    def brakes(self, call: Call) -> Any:
        """Brake, which must work as `judge` foretells; return the receipt."""
        assert self.judged(call) == ""
        receipt = self.act(self.responder, call)
        assert receipt["status"] == "0x1"
        return receipt

    def is_paused(self) -> bool:
        """Say whether the lending pool is paused."""
        paused: bool = self.chain.read(self.world.pool, "paused")[0]
        return paused

    def create(self, name: str, *arguments: Any) -> Contract:
        """Create one of our contracts."""
        artefact = contracts.load(name)
        interface = Interface(artefact.abi)
        address = created_by(self.stranger.address, self.chain.nonce(self.stranger))
        data = interface.creation(artefact.bytecode, *arguments)
        assert self.act(self.stranger, Call(to=None, data=data, gas=4_000_000))["status"] == "0x1"
        return Contract(address, interface)


@pytest.fixture(scope="module")
def gate_world(
    cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalNode, World]]:
    """A node with the world on it, for all tests of a file."""
    anvil = fetch.anvil(cache, _report)
    folder = tmp_path_factory.mktemp("gate")
    with LocalNode(folder, anvil, NodeOptions(mining=False)) as node:
        yield node, deploy(node, lambda name: fetch.npm_package(cache, name, _report))


@pytest.fixture
def bench(gate_world: tuple[LocalNode, World]) -> Iterator[Bench]:
    """The gate as it was set up, whatever the tests before did."""
    node, world = gate_world
    snapshot = node.rpc("evm_snapshot")
    yield Bench(node, world)
    assert node.rpc("evm_revert", snapshot)
