"""What is said on chain of who may brake, of what was braked and of what was let go; of what is
asserted to a cover, and of who may report to a feed or set a dial's rule. Pure.

A gate is ours where a manifest lists it among its contracts with the role `gate`, or a brake of it
goes through it; a cover with the role `cover`; a feed and dials where `[underwriting]` names them,
and dials with the role `dial`: one behind an `AaveDial` is turned by that, and watched by its role.
All that these say of rights is told. Of the protocol's own contracts, and of what its brakes are
made on, it is each brake and each release. Events are told on as they were found, with their name:
the log holds them then, whoever sent the transaction, `firebreak recover` or anybody's Safe. One of
a block that left the chain again stays there, with that block's hash.
"""

from collections.abc import Mapping
from functools import cache

import msgspec
from eth_utils.abi import event_abi_to_log_topic

import contracts
from schemas.brake_events import said
from schemas.chain import Event
from schemas.manifest import Manifest
from schemas.units import Seconds

_KINDS: Mapping[str, tuple[str, ...]] = {
    "gate": ("BrakeGate", "CancelGate", "OperatorQuorum", "OutflowBucket"),
    "cover": ("ParametricCover",),
    "feed": ("RiskFeed",),
    "dial": ("RiskDial", "AaveDial"),
}
_ORDINARY = frozenset(
    {
        "Charged",
        *("Deposited", "Reclaimed", "Bought", "Lapsed", "Paid", "Withdrawn"),
        *("AnswerUpdated", "Reported", "Turned", "Set"),
    }
)
"""What users and reporters cause all day long."""

_ENDS_OTHERWISE = frozenset({"Disputed", "Settled"})
"""What is said of an assertion that somebody has looked at, or that nobody can answer any more."""

LOOK_WITHIN: Seconds = 6 * 3_600
"""For what has no window of its own: another reporter or rule counts at once."""

LONGEST: Seconds = 14 * 86_400
"""No assertion can be disputed for longer (`MAX_SPAN` of the contract), whatever it says."""


def told(event: Event, manifest: Manifest) -> Event | None:
    """Return what one of the manifest's gates, covers, feed or dials says, or a contract of it that
    is braked or let go, with its name; None for any other event."""
    if event.chain != manifest.chain or event.protocol != manifest.protocol or not event.topics:
        return None
    name = next(
        (
            found
            for kind in _KINDS
            if event.contract in _ours(manifest, kind)
            and (found := names(kind).get(event.topics[0])) is not None
        ),
        None,
    )
    if name is None and event.contract in manifest.addresses | _targets(manifest):
        shown = said(event.topics, event.data)
        name = None if shown is None else shown.name
    return None if name is None else msgspec.structs.replace(event, name=name)


def answer_by(told: Event, manifest: Manifest) -> Seconds | None:
    """Return until when people should have answered what a cover, feed or dial says: a dispute ends
    with the assertion's window. None for what needs no answer. `told` has its name."""
    if not any(told.contract in _ours(manifest, kind) for kind in ("cover", "feed", "dial")):
        return None
    if told.name in _ENDS_OTHERWISE:
        return None
    words = told.data[2:]
    if told.name != "Asserted" or len(words) != 4 * 64:
        return told.timestamp + LOOK_WITHIN
    return min(int(words[3 * 64 :], 16), told.timestamp + LONGEST)


def _ours(manifest: Manifest, kind: str) -> set[str]:
    told = manifest.underwriting
    if kind == "feed":
        return set() if told.feed is None else {told.feed}
    if kind == "dial":
        return {*told.dials, *(one.address for one in manifest.with_role(kind))}
    ours = {contract.address for contract in manifest.with_role(kind)}
    if kind == "gate":
        ours |= {brake.gate for brake in manifest.brakes if brake.gate is not None}
    return ours


def _targets(manifest: Manifest) -> set[str]:
    return {brake.target for brake in manifest.brakes}


@cache
def names(kind: str) -> dict[str, str]:
    """Return, by the hash of its signature, what each event of our contracts of a kind is called:
    `gate`, `cover`, `feed` or `dial`."""
    return {
        "0x" + event_abi_to_log_topic(entry).hex(): entry["name"]  # type: ignore[arg-type]  # as solc wrote it
        for artefact in _KINDS[kind]
        for entry in contracts.load(artefact).abi
        if entry["type"] == "event" and entry["name"] not in _ORDINARY
    }
