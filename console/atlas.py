"""What addresses, tokens and functions are called, as the operator's manifests say. Pure."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from runtime import calldata
from schemas.errors import ConfigurationError
from schemas.manifest import Manifest
from schemas.units import NATIVE, account

MAX_ABI_BYTES = 4 * 1024 * 1024

WELL_KNOWN = (
    "pause()", "unpause()", "setPaused(bool)", "setPoolPause(bool)", "setCap(uint256)",
    "grantRole(bytes32,address)", "revokeRole(bytes32,address)", "upgradeTo(address)",
    "upgradeToAndCall(address,bytes)", "transferOwnership(address)",
)  # fmt: skip
"""Functions that are read without anybody's ABI."""


class Atlas:
    """Looks up names."""

    def __init__(self, manifests: Mapping[str, Manifest], folder: Path | None = None) -> None:
        """`folder` is where the manifests lie, and the ABIs that they name."""
        self.manifests = manifests
        self._contracts: dict[tuple[str, str], str] = {}
        self._issuers: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], tuple[str, int]] = {}
        functions = set(WELL_KNOWN)
        for manifest in manifests.values():
            for contract in manifest.contracts:
                name = contract.name or contract.role
                self._contracts[manifest.chain, contract.address] = name
                if contract.abi is not None and folder is not None:
                    functions |= set(_functions(folder / contract.abi))
            self._issuers |= {one.address: one.name for one in manifest.issuers}
            for token in manifest.tokens:
                self._tokens[manifest.chain, token.address] = token.symbol, token.decimals
        self._functions = {calldata.selector(one): one for one in sorted(functions)}

    def contract(self, chain: str, address: str) -> str:
        """Return what a contract is called, '' when nobody says."""
        return self._contracts.get((chain, address), "")

    def issuer(self, address: str) -> str:
        """Return what a neighbour is called that somebody here listens to, '' for any other."""
        return self._issuers.get(address, "")

    def token(self, chain: str, address: str) -> tuple[str, int | None]:
        """Return a token's symbol and decimals; its address and None when nobody says."""
        if address == NATIVE:
            return self._tokens.get((chain, address), ("ETH", 18))
        return self._tokens.get((chain, address), (address, None))

    def function(self, data: str) -> str:
        """Return the signature of the function that calldata calls, '' when nobody says."""
        return self._functions.get(data[:10], "")

    def functions(self) -> list[str]:
        """Return every function that can be written out as a call."""
        return sorted(set(self._functions.values()))

    def addresses(self, protocol: str) -> list[tuple[str, str]]:
        """Return the contracts that people may propose to call: address and name."""
        manifest = self.manifests.get(protocol)
        if manifest is None:
            return []
        found = {one.address: one.name or one.role for one in manifest.contracts}
        for brake in manifest.brakes:
            found.setdefault(brake.target, f"target of {brake.name}")
            if brake.gate is not None:
                found.setdefault(brake.gate, "the gate")
        return list(found.items())[:200]

    def brake(self, chain: str, protocol: str, name: str) -> str | None:
        """Return what a brake of the manifest is aimed at (CAIP-10), None for one that it has not,
        and for another chain."""
        manifest = self.manifests.get(protocol)
        if manifest is None or manifest.chain != chain:
            return None
        return next((account(chain, b.target) for b in manifest.brakes if b.name == name), None)

    def call(self, function: str, data: str) -> str:
        """Return a call as people read it; '' where its bytes cannot be read in full."""
        try:
            return calldata.shown(function or self.function(data), data)
        except ConfigurationError:
            return ""


def _functions(path: Path) -> Iterable[str]:
    """Return the functions of an ABI that change something and take no tuples."""
    try:
        with path.open("rb") as file:
            entries = json.loads(file.read(MAX_ABI_BYTES))
    except (OSError, ValueError):
        return ()
    found = []
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or entry.get("type") != "function":
            continue
        if entry.get("stateMutability") in ("view", "pure"):
            continue
        types = ",".join(str(one.get("type")) for one in entry.get("inputs", ()))
        signature = f"{entry.get('name')}({types})"
        try:
            calldata.types_of(signature)
        except ConfigurationError:
            continue
        found.append(signature)
    return found
