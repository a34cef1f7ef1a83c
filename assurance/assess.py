"""How all contracts of a protocol stand at a block, and what changed since they were last looked
at. Decides; asks nothing but the chain and the sources that it is given."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from assurance.chain import Chain, Place
from assurance.checks.gaps import REFUSED, refusals
from assurance.look import Means, look
from assurance.weakness import Weakness
from schemas.assurance import Assessment, Examined, Finding
from schemas.ids import content_id
from schemas.manifest import Contract, Manifest

CREATED = "created by the protocol"
"""The name of contracts that no manifest names: a contract that it does name created them."""

MOST_CREATED = 1_000
"""Of them that are followed; the newest."""


def assess(
    manifest: Manifest,
    chain: Chain,
    means: Means,
    before: Assessment | None = None,
    again: Mapping[str, str] | None = None,
    beat: Callable[[], None] = lambda: None,
) -> Assessment:
    """Return how a protocol stands. Raises `TransientError` when no node answers.

    `before` is how it stood when it was last looked at. `again` names the contracts to look at once
    more, each with the transaction that is the reason; the others stand as before. Without it, all
    are looked at. `beat` is called before each code that is looked at, which may take seconds.
    """
    stood = {} if before is None else {one.address: one for one in before.contracts}
    known = {} if before is None else {one.id: one for one in before.findings}
    place = chain.place
    contracts, findings = list[Examined](), list[Finding]()
    for contract in _watched(manifest, stood, again or {}):
        address = contract.address
        old = [one for one in known.values() if one.contract == address and one.weakness != REFUSED]
        if again is not None and address in stood and address not in again:
            contracts.append(stood[address])
            findings += old
            continue
        beat()
        seen = look(contract, chain, means, stood.get(address), beat)
        contracts.append(seen.examined)
        findings += [one for one in old if one.weakness in seen.kept]
        where = manifest, address, seen.examined.code_hash
        findings += _found(where, seen.weaknesses, place, (again or {}).get(address, ""))
    for target, one in refusals(chain, means.pulls):
        findings += _found((manifest, target, ""), (one,), place, (again or {}).get(target, ""))
    if not means.opinions.whole:
        findings += [one for one in known.values() if one.contract is None]
    findings += _found((manifest, None, ""), means.opinions.weaknesses, place, "")
    open_now = {one.id: _since_then(one, known.get(one.id)) for one in findings}
    return Assessment(
        id=content_id("assessment", manifest.chain, manifest.protocol, place.number, *open_now),
        chain=manifest.chain,
        protocol=manifest.protocol,
        block=place.number,
        timestamp=place.timestamp,
        contracts=tuple(contracts),
        findings=tuple(open_now.values()),
    )


def _watched(
    manifest: Manifest, stood: Mapping[str, Examined], again: Mapping[str, str]
) -> list[Contract]:
    """Return the manifest's contracts, and those that they created."""
    created = [one.address for one in stood.values() if one.name == CREATED]
    created += [address for address in again if address not in created]
    others = [
        Contract(address=address, role="other", name=CREATED)
        for address in created
        if address not in manifest.addresses
    ]
    return [*manifest.contracts, *others[-MOST_CREATED:]]


def _since_then(found: Finding, before: Finding | None) -> Finding:
    """Return a finding as it was found now, and since when it was."""
    if before is None:
        return found
    return replace(found, block=before.block, timestamp=before.timestamp, tx=before.tx)


def changes(before: Assessment | None, after: Assessment) -> list[Finding]:
    """Return what opened since, and what the chain does not show any more."""
    known = {} if before is None else {one.id: one for one in before.findings}
    still = {one.id for one in after.findings}
    opened = [one for one in after.findings if one.id not in known]
    resolved = [
        replace(one, state="resolved", block=after.block, timestamp=after.timestamp)
        for one in known.values()
        if one.id not in still
    ]
    return opened + resolved


def _found(
    where: tuple[Manifest, str | None, str], weaknesses: Iterable[Weakness], place: Place, tx: str
) -> Iterator[Finding]:
    """Return the records of what a look found, of a protocol's contract and its code; the contract
    None: in the protocol's source."""
    manifest, contract, code = where
    for one in weaknesses:
        place_of_it = (manifest.chain, manifest.protocol, contract or "", code)
        yield Finding(
            id=content_id("finding", *place_of_it, one.check, *one.names),
            chain=manifest.chain,
            protocol=manifest.protocol,
            contract=contract,
            weakness=one.check,
            severity=one.severity,
            block=place.number,
            timestamp=place.timestamp,
            tx=tx,
            summary=one.summary,
            evidence=one.evidence,
        )
