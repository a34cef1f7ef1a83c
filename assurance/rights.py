"""What is said on chain of who may brake, of what was braked and of what was let go. Pure.

A gate is ours where a manifest lists it among its contracts with the role `gate`, or a brake of it
goes through it: all that it says of rights is told. Of the protocol's own contracts, and of what
its brakes are made on, it is each brake and each release. Events are told on as they were found,
with their name: the log holds them then, whoever sent the transaction, `firebreak recover` or
anybody's Safe. One of a block that left the chain again stays there, with that block's hash.
"""

from functools import cache

import msgspec
from eth_utils.abi import event_abi_to_log_topic

import contracts
from schemas.brake_events import said
from schemas.chain import Event
from schemas.manifest import Manifest

_GATES = ("BrakeGate", "CancelGate", "OperatorQuorum", "OutflowBucket")
_ORDINARY = frozenset({"Charged"})
"""What users cause all day long."""


def told(event: Event, manifest: Manifest) -> Event | None:
    """Return what one of the manifest's gates, or a contract of it that is braked or let go, says,
    with its name; None for any other event."""
    if event.chain != manifest.chain or event.protocol != manifest.protocol or not event.topics:
        return None
    name = None
    if event.contract in _gates(manifest):
        name = names().get(event.topics[0])
    if name is None and event.contract in manifest.addresses | _targets(manifest):
        shown = said(event.topics, event.data)
        name = None if shown is None else shown.name
    return None if name is None else msgspec.structs.replace(event, name=name)


def _gates(manifest: Manifest) -> set[str]:
    ours = {contract.address for contract in manifest.with_role("gate")}
    return ours | {brake.gate for brake in manifest.brakes if brake.gate is not None}


def _targets(manifest: Manifest) -> set[str]:
    return {brake.target for brake in manifest.brakes}


@cache
def names() -> dict[str, str]:
    """Return, by the hash of its signature, what each event of our gates is called."""
    return {
        "0x" + event_abi_to_log_topic(entry).hex(): entry["name"]  # type: ignore[arg-type]  # as solc wrote it
        for gate in _GATES
        for entry in contracts.load(gate).abi
        if entry["type"] == "event" and entry["name"] not in _ORDINARY
    }
