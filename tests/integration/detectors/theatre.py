"""A made-up protocol of real contracts on a local node, watched by the event detectors.

Nothing leaves this machine: the attacks are driven to see whether the defence sees them.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from detectors.host import Host
from detectors.sets import HostMaker, load_set
from detectors.waiting import QUARANTINE
from ingest.decode import Decoder
from ingest.evm.assemble import add_frames, raw_block, read_receipts
from ingest.normalise import transactions
from ingest.raw import RawBlock
from ingest.trees import parity_frames
from ingest.watch import Watch
from runtime.settings import ACTS
from sandbox.deployer import Deployer
from sandbox.evm import ETHER, Account, Call, Chain, Contract
from sandbox.node import LocalNode
from schemas.alerts import Alert
from schemas.chain import Price
from schemas.manifest import Brake, Manifest
from schemas.manifest import Contract as Watched
from tests.unit.responders.examples import costs

DAY = 86_400
MORNING = 10 * 3600
NIGHT = 17 * 3600
"""Seconds from the morning to three at night."""

OPENZEPPELIN = "@openzeppelin/contracts", "build/contracts"
SAFE = "@safe-global/safe-contracts", "build/artifacts/contracts"

Act = tuple[Account, Call]


class Theatre:
    """Deploys, plays blocks, and asks the detectors about each transaction as it lands."""

    def __init__(self, node: LocalNode, packages: Callable[[str], Path]) -> None:
        self._node = node
        self.chain = Chain(node)
        self.keeper = self.person("keeper")
        self.thief = self.person("thief")
        self.deployer = Deployer(self.chain, self.person("deployer"), packages)
        self._host: Host | None = None
        self._seen = 0

    def person(self, name: str) -> Account:
        account = Account.named(name)
        self._node.rpc("anvil_setBalance", account.address, hex(1_000 * ETHER))
        return account

    def people(self, count: int) -> list[Account]:
        return [self.person(f"somebody {number}") for number in range(count)]

    def watch(
        self,
        roles: dict[str, list[Contract]],
        names: Sequence[str] = ACTS,
        brakes: tuple[Brake, ...] = (),
        foreign: Collection[str] = (),
        finality: int = 0,
        **more: Any,
    ) -> Manifest:
        """Begin to watch, from the next block on, at ten in the morning, with these detectors.

        What contracts in `foreign` roles hold is not the protocol's. `more` is what the manifest
        says beside its contracts.
        """
        self.deployer.settle()
        contracts = tuple(
            Watched(
                address=contract.address.lower(),
                role=role,  # type: ignore[arg-type]  # a role
                holds_value=role not in foreign,
            )
            for role, members in roles.items()
            for contract in members
        )
        chain = f"eip155:{self.chain.id}"
        manifest = Manifest(
            protocol="theatre",
            chain=chain,
            contracts=contracts,
            brakes=brakes,
            halt=costs(),
            **more,
        )
        self._watch = Watch([manifest])
        maker = HostMaker(
            "set", load_set(names, names), {"theatre": manifest}, lambda _chain: finality
        )
        self._host = maker.make(chain, "theatre")
        now = self.chain.timestamp()
        self._seen = self.chain.mine(seconds=(MORNING - now) % DAY or DAY)
        return manifest

    def later(self) -> None:
        """Let so many blocks pass that what alerted leaves its quarantine, until the morning."""
        self._node.rpc("anvil_mine", hex(QUARANTINE), hex(12))
        now = self.chain.timestamp()
        self._seen = self.chain.mine(seconds=(MORNING - now) % DAY or DAY)

    def play(self, *acts: Act, seconds: int = 12) -> list[Alert]:
        """Put these into one block; return what the detectors say of it. None may fail."""
        sent = [self.chain.send(account, call) for account, call in acts]
        self.chain.mine(seconds=seconds)
        for transaction in sent:
            receipt = self.chain.receipt(transaction)
            assert receipt is not None, "not mined"
            assert receipt["status"] == "0x1", f"{transaction} failed"
        return self.judged()

    def days(self, days: Iterable[Sequence[Act]]) -> list[Alert]:
        """Play one block a day, always at the same hour."""
        return [alert for acts in days for alert in self.play(*acts, seconds=DAY)]

    def judged_prices(self, bars: Iterable[Price]) -> list[Alert]:
        """Return what the detectors say of bars of markets."""
        assert self._host is not None
        judged = (self._host.take_price(bar, self._seen)[1] for bar in bars)
        return [alert for alert in judged if alert is not None]

    def judged(self) -> list[Alert]:
        """Return what the detectors say of the blocks that they have not seen."""
        assert self._host is not None
        found, head = [], int(self._node.rpc("eth_blockNumber"), 16)
        for number in range(self._seen + 1, head + 1):
            block = read_block(self._node, number)
            for raw in block.transactions:
                for tx in transactions(block, raw, self._watch, Decoder()):
                    alert = self._host.take(tx)[1]
                    if alert is not None:
                        found.append(alert)
        self._seen = head
        return found


def read_block(node: LocalNode, number: int) -> RawBlock:
    """Return a block as ingest sees it, with its call trees."""
    told: Any = node.rpc("eth_getBlockByNumber", hex(number), _WHOLE)
    receipts = node.rpc("eth_getBlockReceipts", hex(number))
    chain = int(node.rpc("eth_chainId"), 16)
    block = raw_block(f"eip155:{chain}", told, read_receipts(receipts))
    rows: dict[int, list[Any]] = {}
    for row in node.rpc("trace_block", hex(number)):
        if isinstance(row.get("transactionPosition"), int):
            rows.setdefault(row["transactionPosition"], []).append(row)
    frames = {index: parity_frames(found) for index, found in rows.items()}
    assert add_frames(block, frames)
    return block


_WHOLE = True


def raised_by(alerts: Iterable[Alert], detector: str) -> str:
    """Return what a detector said in these alerts, '' when it raised none of them."""
    return "; ".join(
        reason.text
        for alert in alerts
        for vote in alert.votes
        if vote.detector == detector and vote.alerted
        for reason in vote.reasons
    )
