"""A node with contracts on it, and what assessing them takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assurance.artefacts import Built, Shelf
from assurance.assess import assess
from assurance.chain import Trial
from assurance.checks.brakes import NOTHING, Asking, Pull
from assurance.look import Means
from assurance.node import NodeChain
from assurance.proxies import resolved
from assurance.selectors import interface
from assurance.sources import Sources
from assurance.subject import Known
from runtime.evm import Endpoints
from sandbox import fetch
from sandbox.deployer import Deployer
from sandbox.evm import ETHER, Account, Call, Chain, Contract
from sandbox.node import LocalNode
from schemas.assurance import Assessment
from schemas.manifest import Contract as Watched
from schemas.manifest import Manifest

OPENZEPPELIN = "@openzeppelin/contracts", "build/contracts"
SAFE = "@safe-global/safe-contracts"
V2, ROUTER = "@uniswap/v2-core", "@uniswap/v2-periphery"
NAME = "meadow"


def _report(line: str) -> None:
    """Say nothing."""


class Ground:
    """One chain, on which everything is created by one account."""

    def __init__(self, node: LocalNode, cache: Path) -> None:
        self.node, self.chain, self.cache = node, Chain(node), cache
        self.endpoints = Endpoints([str(node.ipc)])
        self.me, self.other = Account.named("deployer"), Account.named("other")
        for one in (self.me, self.other):
            node.rpc("anvil_setBalance", one.address, hex(1_000 * ETHER))
        self.deployer = Deployer(
            self.chain, self.me, lambda name: fetch.npm_package(cache, name, _report)
        )

    def create(self, name: str, *arguments: Any) -> Contract:
        """Create one of ours."""
        made = self.deployer.create(name, *arguments)
        self.deployer.settle()
        return made

    def packaged(
        self, source: tuple[str, str], name: str, *arguments: Any, **libraries: Contract
    ) -> Contract:
        """Create one of a package's."""
        made = self.deployer.create_packaged(source, name, *arguments, libraries=libraries)
        self.deployer.settle()
        return made

    def do(self, *calls: Call, who: Account | None = None) -> list[str]:
        sent = [self.chain.send(who or self.me, call) for call in calls]
        self.chain.settle(sent)
        return sent

    def proxied(self, implementation: Contract, setup: bytes = b"") -> Contract:
        """Put one of OpenZeppelin's plain proxies in front of a contract."""
        proxy = self.packaged(OPENZEPPELIN, "ERC1967Proxy", implementation.address, setup)
        return Contract(proxy.address, implementation.interface)

    def manifest(self, *watched: tuple[Contract, str]) -> Manifest:
        return Manifest(
            protocol=NAME,
            chain=f"eip155:{self.chain.id}",
            contracts=tuple(
                Watched(address=one.address, role=role, name=f"{role} {number}")  # type: ignore[arg-type]
                for number, (one, role) in enumerate(watched)
            ),
        )

    def assessed(
        self,
        *watched: tuple[Contract, str],
        pulls: Sequence[Pull] = (),
        shelf: Shelf | None = None,
        asking: Asking = NOTHING,
    ) -> Assessment:
        """Assess these contracts as one protocol."""
        manifest = self.manifest(*watched)
        means = Means(Sources(manifest.chain, shelf), pulls, asking)
        return assess(manifest, NodeChain(self.endpoints), means)

    def named(self, *found: Contract) -> Shelf:
        """Return a shelf that knows the functions of these contracts, by the code that runs."""
        shelf, chain = Shelf(), NodeChain(self.endpoints)
        for one in found:
            signatures = interface(one.interface.abi)
            runs = resolved(chain, one.address).implementation or one.address
            shelf.add(Built("", chain.code(runs), Known(signatures)))
        return shelf


def pause(target: Contract, who: str) -> Pull:
    """Return the brake that calls pause() on a contract."""
    return Pull("pause", Trial(who, target.address, target.call("pause").data))


def checks(found: Assessment, *but: str) -> set[str]:
    """Return what was found, by check, but for these."""
    return {one.weakness for one in found.findings} - set(but)
