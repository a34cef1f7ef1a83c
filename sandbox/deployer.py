"""Creates contracts: ours from their artefacts, others from pinned npm packages."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

import contracts
from sandbox.abi import Interface
from sandbox.evm import Account, Call, Chain, Contract, created_by

Packages = Callable[[str], Path]
"""Gives the folder of a pinned npm package, such as `sandbox.fetch.npm_package` does."""

_DEPLOY_GAS = 6_000_000


def linked(artefact: Any, libraries: Mapping[str, Contract]) -> str:
    """Return an artefact's bytecode with the addresses of its libraries, by their names, in it.

    Raises `KeyError` for one that is not given.
    """
    code = str(artefact["bytecode"])
    for found in artefact.get("linkReferences", {}).values():
        for name, places in found.items():
            address = libraries[name].address.removeprefix("0x")
            for place in places:
                start = 2 + 2 * place["start"]
                code = code[:start] + address + code[start + len(address) :]
    return code


class Deployer:
    """One account that creates and sets up contracts, in the order of its nonces."""

    def __init__(
        self, chain: Chain, account: Account, packages: Packages, gas: int = _DEPLOY_GAS
    ) -> None:
        """`gas` is the most that one creation may use."""
        self.chain = chain
        self.account = account
        self._packages = packages
        self._gas = gas
        self._sent: list[str] = []

    def create(self, name: str, *arguments: Any) -> Contract:
        """Create one of our own contracts."""
        artefact = contracts.load(name)
        return self._create(Interface(artefact.abi), artefact.bytecode, arguments)

    def create_packaged(
        self,
        source: tuple[str, str],
        name: str,
        *arguments: Any,
        libraries: Mapping[str, Contract] = MappingProxyType({}),
    ) -> Contract:
        """Create a contract whose compiled code is in a package, with the libraries it calls."""
        artefact = self._artefact(source, name)
        code = linked(artefact, libraries)
        return self._create(Interface(artefact["abi"]), code, arguments)

    def create_compiled(self, interface: Interface, bytecode: str, *arguments: Any) -> Contract:
        """Create a contract from its code, in hexadecimal."""
        return self._create(interface, bytecode, arguments)

    def packaged(self, source: tuple[str, str], name: str) -> Interface:
        """Return the interface of a contract in a package."""
        return Interface(self._artefact(source, name)["abi"])

    def send(self, calls: Iterable[Call]) -> None:
        """Send these calls, to be mined by `settle`."""
        self._sent += [self.chain.send(self.account, call) for call in calls]

    def settle(self) -> None:
        """Mine everything sent so far. Raises `UnsafeToContinueError` when any of it failed."""
        self.chain.settle(self._sent)
        self._sent.clear()

    def _artefact(self, source: tuple[str, str], name: str) -> Any:
        package, folder = source
        path = self._packages(package) / folder / f"{name}.json"
        return msgspec.json.decode(path.read_bytes())

    def _create(self, interface: Interface, bytecode: str, arguments: tuple[Any, ...]) -> Contract:
        address = created_by(self.account.address, self.chain.nonce(self.account))
        self.send([Call(to=None, data=interface.creation(bytecode, *arguments), gas=self._gas)])
        return Contract(address, interface)
