"""Which families there are, and by which routes. A manifest names one; nothing is scanned for."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from responders.adapters import (
    aave_v3,
    access_manager,
    balancer_v2,
    ccip,
    compound_v2,
    compound_v3,
    generic,
    gmx,
    lido,
    morpho,
    outflow,
    pausable,
    safe,
    sky,
    synthetix,
    timelock,
    venus,
)
from responders.adapters.adapter import RoutedAdapter
from responders.adapters.base import Adapter
from responders.adapters.family import Deed, Family
from responders.adapters.gate import Gate
from responders.adapters.operators import Operators
from responders.adapters.roles import Roles
from responders.adapters.route import Direct, Route
from responders.chain import Chain
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Manifest

Build = Callable[[Brake, Chain], Family]
"""Makes the family's brake on a chain; raises `ConfigurationError` naming the brake."""

FAMILIES: Mapping[str, Build] = MappingProxyType(
    {
        "aave-v3": aave_v3.build,
        "access-manager": access_manager.build,
        "balancer-v2": balancer_v2.build,
        "ccip": ccip.build,
        "compound-v2": compound_v2.build,
        "compound-v3": compound_v3.build,
        "gate": generic.build_gated,
        "generic": generic.build,
        "gmx": gmx.build,
        "lido": lido.build,
        "morpho-v2": morpho.build,
        "outflow": outflow.build,
        "pausable": pausable.build,
        "sky": sky.build,
        "synthetix": synthetix.build,
        "timelock": timelock.build,
        "venus": venus.build,
    }
)


def build(
    manifest: Manifest, chain: Chain, epoch: int, emergency: Path | None = None
) -> dict[str, Adapter]:
    """Return the adapters of a protocol's brakes, by the brakes' names.

    `epoch` is the responder's term of leadership; `emergency` the folder of what Safes signed
    beforehand. Raises `ConfigurationError` naming protocol,
    brake and field.
    """
    found: dict[str, Adapter] = {}
    for brake in manifest.brakes:
        try:
            family = family_of(brake, chain)
            route = _agreed(manifest, brake, chain) or route_of(brake, chain, epoch, emergency)
        except ConfigurationError as error:
            raise ConfigurationError(f"{manifest.protocol}: {error}") from error
        found[brake.name] = RoutedAdapter(family, route, brake.scope)
    return found


def _agreed(manifest: Manifest, brake: Brake, chain: Chain) -> Route | None:
    """Return the way through the operators' quorum, None where it has no say."""
    quorum = manifest.quorum
    if quorum is None or brake.scope not in quorum.scopes or brake.gate is None:
        return None
    return Operators(chain, quorum, brake.gate)


def family_of(brake: Brake, chain: Chain) -> Family:
    """Return what a brake calls. Raises `ConfigurationError` naming the brake."""
    make = FAMILIES.get(brake.adapter)
    if make is None:
        raise ConfigurationError(
            f"brake {brake.name}: no adapter {brake.adapter!r}; there are {', '.join(FAMILIES)}"
        )
    return make(brake, chain)


_UNASKED = cast("Chain", object())
"""To make a family is to ask nothing of its chain; whatever did would fail at once."""


def deed_of(brake: Brake) -> Deed:
    """Return what a brake does, for which no chain is needed. Raises as `family_of` does."""
    return family_of(brake, _UNASKED).deed


def route_of(brake: Brake, chain: Chain, epoch: int, emergency: Path | None) -> Route:
    """Return how a brake's call reaches its target.

    Raises `ConfigurationError` naming the brake.
    """
    if brake.gate is not None:
        return Gate(brake.gate, epoch)
    if brake.roles is not None:
        return Roles(brake.roles.modifier, bytes.fromhex(brake.roles.role[2:]))
    if brake.safe is not None:
        try:
            return safe.route_of(chain, brake.safe, emergency)
        except ConfigurationError as error:
            raise ConfigurationError(f"brake {brake.name}: {error}") from error
    return Direct()
