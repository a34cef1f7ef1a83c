"""What makes a contract be looked at again. Pure."""

from collections.abc import Mapping

from schemas.assurance import Assessment
from schemas.base import Record
from schemas.chain import Deployment, Event, Retraction
from schemas.manifest import Manifest

EVENTS = frozenset({
    "Upgraded", "BeaconUpgraded", "AdminChanged", "Initialized", "OwnershipTransferred",
    "ImplementationUpdated", "ProxyOwnershipTransferred", "NewImplementation", "NewAdmin",
    "ChangedMasterCopy", "DiamondCut", "RoleGranted", "RoleRevoked",
})  # fmt: skip
"""Events after which a contract's code, or who may replace it or brake it, may be another."""


def reasons(record: Record, manifest: Manifest, known: Assessment | None) -> Mapping[str, str]:
    """Return the contracts of a protocol that a record is a reason to look at, each with the
    transaction. Deployments count where they are the protocol's own: at an address of the manifest,
    at one that it runs, by one of its contracts or deployers, or in a deployer's transaction."""
    match record:
        case Event() if record.chain == manifest.chain and record.name in EVENTS:
            return dict.fromkeys(_concerned(record.contract, manifest, known), record.tx)
        case Deployment() if record.chain == manifest.chain:
            concerned = _concerned(record.address, manifest, known)
            ours = manifest.addresses.union(manifest.deployers)
            if record.factory in ours or record.creator in manifest.deployers:
                concerned |= {record.address}
            return dict.fromkeys(concerned, record.tx)
        case Retraction() if record.chain == manifest.chain:
            return dict.fromkeys(_since(record.number, manifest, known), "")
    return {}


def _concerned(contract: str, manifest: Manifest, known: Assessment | None) -> set[str]:
    """Return the contracts that are this one, or run its code, or ask it which code to run."""
    found = {contract} & manifest.addresses
    for one in known.contracts if known is not None else ():
        runs = (one.address, one.implementation, *one.facets)
        if contract in runs or contract in one.authority:
            found.add(one.address)
    return found


def _since(block: int, manifest: Manifest, known: Assessment | None) -> set[str]:
    """Return the contracts about which something was found in a block that is gone, or later."""
    if known is None or known.block < block:
        return set()
    found = {one.contract for one in known.findings if one.block >= block and one.contract}
    return found or set(manifest.addresses)
