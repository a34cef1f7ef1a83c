"""Where each family of brakes is shown at work: a real node, people, a gate."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from responders.adapters import registry
from responders.adapters.base import Adapter
from responders.answers import Receipt
from responders.chain import NodeChain
from runtime.evm import Endpoints
from sandbox import fetch
from sandbox.deployer import Deployer
from sandbox.evm import ETHER, Account, Call, Chain
from sandbox.evm import Contract as GateContract
from sandbox.node import LocalNode, RpcError
from schemas.manifest import Brake, Contract, Manifest
from tests.unit.responders.examples import costs

T = TypeVar("T")

ACTION = "ab" * 32
EPOCH = 1
ALLOWED = True


def _report(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One brake on a target that is in use, and the ways back."""

    brake: Brake
    """As a manifest has it; the suite adds the route."""
    stopped: tuple[Call, ...]
    """What a user can do before, and not while it is braked."""
    going: tuple[Call, ...] = ()
    """What a user can do before, and still while it is braked."""
    release: tuple[Call, ...] = ()
    """How people release it."""
    released_after: int = 0
    """Seconds of block time after which the release is felt."""
    anyone: bool = False
    """Whether anyone may pull it directly, once people have allowed it to work."""


class Stage:
    """A chain, and who acts on it: the people, who own everything; the responder; a user."""

    def __init__(self, node: LocalNode, cache: Path) -> None:
        self.node = node
        self._cache = cache
        self._built: dict[str, Any] = {}
        self.people, self.responder, self.user, self.stranger = (
            Account.named(name) for name in ("people", "responder", "user", "stranger")
        )
        for account in (self.people, self.responder, self.user, self.stranger):
            self.fund(account)
        self.begin()
        self._endpoints = Endpoints([str(node.ipc)])
        self.chain = NodeChain(self._endpoints)

    def begin(self) -> None:
        """Know nothing of what was sent before, as after the chain was set back."""
        self.hands = Chain(self.node)
        self.deployer = Deployer(self.hands, self.people, self.package, gas=9_000_000)

    def fund(self, account: Account) -> None:
        """Give somebody ether."""
        self.node.rpc("anvil_setBalance", account.address, hex(1000 * ETHER))

    def package(self, name: str) -> Path:
        """Return the folder of a pinned npm package."""
        return fetch.npm_package(self._cache, name, _report)

    def close(self) -> None:
        """Let go of the node."""
        self._endpoints.close()

    def once(self, name: str, build: Callable[[], T]) -> T:
        """Return what `build` sets up, which it does the first time."""
        if name not in self._built:
            self._built[name] = build()
        found: T = self._built[name]
        return found

    def do(self, account: Account, *calls: Call) -> None:
        """Let somebody do what must work."""
        self.hands.settle([self.hands.send(account, call) for call in calls])

    def works(self, account: Account, call: Call) -> bool:
        """Say whether a call would work now; nothing is changed."""
        question = {
            "from": account.address,
            "to": call.to,
            "data": "0x" + call.data.hex(),
            "value": hex(call.value),
        }
        try:
            self.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            if "revert" not in str(error).lower():
                raise
            return False
        return True

    def adapter(
        self, brake: Brake, chain: NodeChain | None = None, emergency: Path | None = None
    ) -> Adapter:
        """Return the adapter of a brake, as a responder gets it, on this chain or another."""
        on = chain or self.chain
        return registry.build(self.manifest(brake), on, EPOCH, emergency)[brake.name]

    def manifest(self, brake: Brake) -> Manifest:
        """Return the manifest of a protocol that has this brake alone."""
        return Manifest(
            protocol="meadow",
            chain=self.chain.name,
            contracts=(Contract(address=brake.target, role="pool"),),
            halt=costs(),
            brakes=(brake,),
        )

    def pull(self, adapter: Adapter, action: str = ACTION) -> Receipt:
        """Let the responder send the brake; return where it was mined, whatever became of it."""
        call = adapter.call(action)
        sent = Call(to=call.to, data=bytes.fromhex(call.data[2:]), gas=call.gas)
        tx = self.hands.send(self.responder, sent)
        self.hands.mine()
        receipt = self.chain.receipt(tx)
        assert receipt is not None
        return receipt

    def newest_receipt(self) -> Receipt:
        """Return where the only transaction of the newest block was mined."""
        block = self.node.rpc("eth_getBlockByNumber", "latest", False)  # noqa: FBT003 - the node's
        receipt = self.chain.receipt(block["transactions"][0])
        assert receipt is not None
        return receipt

    @property
    def head(self) -> int:
        """The newest block."""
        return self.chain.head().number

    def new_gate(self, kind: str = "BrakeGate", *more: str) -> GateContract:
        """Create a gate of a kind that the people own, armed for the responder."""
        gate = self.deployer.create(kind, self.people.address, *more)
        self.deployer.send(
            [
                gate.call("setResponder", self.responder.address, ALLOWED),
                gate.call("setBudget", 100, 3600),
                gate.call("setTtl", 86_400 * 30),
                gate.call("arm"),
            ]
        )
        self.deployer.settle()
        return gate

    def allow(self, gate: GateContract, brake: Brake) -> None:
        """Let the gate make every call that a brake may have to make, and no other."""
        deed = registry.family_of(brake, self.chain).deed
        self.do(
            self.people,
            *(
                gate.call("setBrake", deed.target, bytes.fromhex(calldata[2:]), ALLOWED)
                for calldata in (deed.calldata, *deed.variants)
            ),
        )
