"""A responder on the sandbox's real chain: its node, its gate, its pool."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak

from responders.chain import NodeChain
from responders.journal import Journal
from responders.outlook import Account
from responders.signer import KeySigner
from runtime.evm import Endpoints
from runtime.manifests import load_manifest
from runtime.memory import MemoryBroker
from sandbox import evm
from sandbox.node import LocalNode
from sandbox.safe import approved
from sandbox.world import World
from schemas.alerts import Alert
from schemas.manifest import Manifest
from tests.unit.responders import examples
from tests.unit.responders.bench import Assembly, Beside


class Place:
    """The world's parts that a responder has to do with."""

    def __init__(self, node: LocalNode, world: World, folder: Path) -> None:
        self.node = node
        self.world = world
        self.hands = evm.Chain(node)
        self.journal = folder / "journal.jsonl"
        self.manifest = load_manifest(world.write_manifest(folder, "spot-oracle"))
        self.endpoints = Endpoints([str(node.ipc)])
        self.chain = NodeChain(self.endpoints)
        self.signer = self.signer_of("responder")
        self.began = self.sent()

    def close(self) -> None:
        """Let go of the node."""
        self.endpoints.close()

    def signer_of(self, name: str) -> KeySigner:
        """Return the signer of one of the world's accounts."""
        return KeySigner(bytes(self.world.accounts[name].signer.key), self.world.chain_id)

    @contextmanager
    def responder(
        self,
        *,
        armed: bool = True,
        journal: Journal | None = None,
        given: Manifest | None = None,
        broker: MemoryBroker | None = None,
        beside: Beside | None = None,
    ) -> Iterator[Assembly]:
        """Run a responder; starting another one is a restart."""
        account = Account(self.signer.address, self.signer if armed else None)
        with journal or Journal(self.journal) as opened:
            yield Assembly(
                opened,
                self.chain,
                account,
                given or self.manifest,
                broker=broker,
                beside=beside,
            )

    def alert(self, number: int = 1, **changes: Any) -> Alert:
        """Return an alert on the newest block."""
        head = self.chain.head()
        seen = {"block": head.number, "block_hash": head.hash, "timestamp": head.timestamp}
        return examples.alert(number, **seen | changes)

    def mine(self, responder: Assembly, count: int = 1) -> None:
        """Make blocks, each seen by the responder."""
        for _ in range(count):
            self.hands.mine()
            responder.look()

    def paused(self) -> bool:
        """Say whether the pool is paused."""
        found: bool = self.hands.read(self.world.pool, "paused")[0]
        return found

    def sent(self) -> int:
        """Return how many transactions of the responder's account were mined."""
        return self.chain.nonce(self.world.accounts["responder"].address)

    def pending(self) -> dict[str, Any]:
        """Return the responder's transactions in the pool, by nonce."""
        content = self.node.rpc("txpool_content")
        found: dict[str, Any] = {}
        for accounts in content.values():
            for address, waiting in accounts.items():
                if address.lower() == self.signer.address:
                    found |= waiting
        return found

    def brakes(self) -> list[str]:
        """Return the actions that the gate says it carried out."""
        topic = keccak(text="Braked(bytes32,address,address,bytes4,uint64)")
        question = {
            "address": self.world.gate.address,
            "fromBlock": "0x0",
            "topics": ["0x" + topic.hex()],
        }
        return [log["topics"][1][2:] for log in self.node.rpc("eth_getLogs", question)]

    def brake_by_hand(self, name: str = "responder") -> None:
        """Let somebody pause the pool, through the gate, as another action."""
        pause = bytes.fromhex("8456cb59")
        call = self.world.gate.call("brake", b"\x07" * 32, 1, self.world.pool.address, pause)
        self.hands.send(self.world.accounts[name], call)

    def by_safe(self, call: evm.Call) -> None:
        """Let two owners of the Safe do something."""
        owners = self.world.accounts["owner-1"], self.world.accounts["owner-2"]
        nonce = self.hands.read(self.world.safe, "nonce")[0]
        signed = approved(self.world.safe, owners, call, nonce, self.hands.id)
        self.hands.settle([self.hands.send(self.world.users[0], signed)])
