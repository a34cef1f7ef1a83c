"""The brakes within reach: those of the manifests, each with its adapter and its limits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from responders.adapters import registry
from responders.adapters.base import Adapter
from responders.chain import Chain
from schemas.actions import Action
from schemas.activities import Activity
from schemas.errors import ConfigurationError
from schemas.ids import action_id
from schemas.manifest import Brake, Limits, Manifest
from schemas.operators import Quorum
from schemas.units import account


class LeverKey(NamedTuple):
    """What makes a brake of the manifest and an action in the journal the same."""

    protocol: str
    adapter: str
    target: str
    calldata: str


@dataclass(frozen=True, slots=True)
class Lever:
    """A brake of a manifest that can be pulled."""

    manifest: Manifest
    brake: Brake
    adapter: Adapter

    @property
    def limits(self) -> Limits:
        """What bounds it."""
        return self.manifest.limits

    @property
    def target(self) -> str:
        """The contract it brakes, as CAIP-10."""
        return account(self.manifest.chain, self.brake.target)

    @property
    def quorum(self) -> Quorum | None:
        """Who has to agree before it is pulled; None where this responder may alone."""
        told = self.manifest.quorum
        return told if told is not None and self.brake.scope in told.scopes else None

    @property
    def also_stops(self) -> frozenset[Activity]:
        """What honest users cannot do while it holds; where nobody says, everything."""
        return self.adapter.plan().also_stops.activities

    @property
    def proposed(self) -> bool:
        """Whether it is put before a Safe's owners, for whom nobody can answer."""
        return self.adapter.proposes

    def aimed(self, calldata: str) -> "Lever | None":
        """Return the brake that makes this call, None where this one never does."""
        adapter = self.adapter.aimed(calldata)
        if adapter is self.adapter:
            return self
        return None if adapter is None else replace(self, adapter=adapter)

    @property
    def unnamed(self) -> bool:
        """Whether what it calls is known only from what a transaction did."""
        return self.aimed(self.key.calldata) is None

    def called_for(self, tx: str) -> "tuple[Lever, ...]":
        """Return every brake that a transaction calls for: most often this one, whatever it did.

        Raises `TransientError` where a node has to be asked and none answers.
        """
        found = (self.aimed(calldata) for calldata in self.adapter.called_for(tx))
        return tuple(lever for lever in found if lever is not None)

    @property
    def key(self) -> LeverKey:
        """Names it within the journal."""
        calldata = self.adapter.plan().calldata
        return LeverKey(self.manifest.protocol, self.brake.adapter, self.target, calldata)

    def action(self, incident: str, episode: int = 0) -> str:
        """Name what it does in an episode of an incident."""
        plan = self.adapter.plan()
        return action_id(self.manifest.chain, plan.target, plan.calldata, incident, episode)


Levers = Mapping[LeverKey, Lever]


def within_reach(
    manifests: Iterable[Manifest], chain: Chain, epoch: int, emergency: Path | None = None
) -> dict[LeverKey, Lever]:
    """Return every brake of the manifests of this chain; `emergency` is the folder of what Safes
    signed beforehand.

    Raises `ConfigurationError` for a brake that no adapter can pull, or that is there twice.
    """
    found: dict[LeverKey, Lever] = {}
    for manifest in manifests:
        if manifest.chain != chain.name:
            continue
        adapters = registry.build(manifest, chain, epoch, emergency)
        for brake in manifest.brakes:
            lever = Lever(manifest, brake, adapters[brake.name])
            double = found.setdefault(lever.key, lever).brake.name
            if double != brake.name:
                raise ConfigurationError(
                    f"{manifest.protocol}: brakes {double} and {brake.name} are the same: "
                    f"remove one"
                )
    return found


def kept_alive(levers: Levers) -> dict[str, list[str]]:
    """Return every contract that obeys only while heartbeats come, with the protocols it brakes."""
    found: dict[str, set[str]] = {}
    for lever in levers.values():
        for contract in (lever.brake.gate, lever.adapter.plan().heartbeat):
            if contract is not None:
                found.setdefault(contract, set()).add(lever.manifest.protocol)
    return {contract: sorted(protocols) for contract, protocols in found.items()}


def lever_of(levers: Levers, action: Action) -> Lever | None:
    """Return the brake that an action pulls, None once no manifest has it any more."""
    return lever_at(levers, key_of(action))


def pulled_by(levers: Levers, action: Action) -> Lever:
    """Return the brake that an action pulls. Raises `KeyError` where no manifest has it."""
    found = lever_of(levers, action)
    if found is None:
        raise KeyError(action.action)
    return found


def lever_at(levers: Levers, key: LeverKey) -> Lever | None:
    """Return the brake of this name, also one whose call was not known before its alert."""
    if key in levers:
        return levers[key]
    alike = (lever for known, lever in levers.items() if known[:3] == key[:3])
    return next((found for one in alike if (found := one.aimed(key.calldata))), None)


def key_of(action: Action) -> LeverKey:
    """Return the name within the journal of the brake that an action pulls."""
    return LeverKey(action.protocol, action.adapter, action.target, action.calldata)
