"""What our gates on chain say of who may brake, and of brakes that were pulled through them. Pure.

A gate is ours where a manifest lists it among its contracts with the role `gate`, or a brake of it
goes through it. Its events are told on as they were found, with their name: the log holds them
then, whoever sent the transaction. One of a block that left the chain again stays there, with that
block's hash.
"""

from functools import cache

import msgspec
from eth_utils.abi import event_abi_to_log_topic

import contracts
from schemas.chain import Event
from schemas.manifest import Manifest

_GATES = ("BrakeGate", "CancelGate", "OperatorQuorum", "OutflowBucket")
_ORDINARY = frozenset({"Charged"})
"""What users cause all day long."""


def told(event: Event, manifest: Manifest) -> Event | None:
    """Return an event of one of the manifest's gates, named; None for any other."""
    if event.chain != manifest.chain or event.protocol != manifest.protocol or not event.topics:
        return None
    ours = {contract.address for contract in manifest.with_role("gate")}
    ours |= {brake.gate for brake in manifest.brakes if brake.gate is not None}
    name = names().get(event.topics[0])
    if event.contract not in ours or name is None:
        return None
    return msgspec.structs.replace(event, name=name)


@cache
def names() -> dict[str, str]:
    """Return, by the hash of its signature, what each event of our gates is called."""
    return {
        "0x" + event_abi_to_log_topic(entry).hex(): entry["name"]  # type: ignore[arg-type]  # as solc wrote it
        for gate in _GATES
        for entry in contracts.load(gate).abi
        if entry["type"] == "event" and entry["name"] not in _ORDINARY
    }
