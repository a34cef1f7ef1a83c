"""Which families there are, and by which routes. A manifest names one; nothing is scanned for."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from responders.adapters import (
    ccip,
    generic,
    gmx,
    lido,
    morpho,
    outflow,
    pausable,
    sky,
    synthetix,
)
from responders.adapters.adapter import RoutedAdapter
from responders.adapters.base import Adapter
from responders.adapters.family import Family
from responders.adapters.gate import Gate
from responders.adapters.route import Direct, Route
from responders.chain import Chain
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Manifest

Build = Callable[[Brake, Chain], Family]
"""Makes the family's brake on a chain; raises `ConfigurationError` naming the brake."""

FAMILIES: Mapping[str, Build] = MappingProxyType(
    {
        "ccip-curse": ccip.build_curse,
        "ccip-rate-limit": ccip.build_rate_limit,
        "circuit-breaker": lido.build_breaker,
        "gate": generic.build_gated,
        "gate-seal": lido.build_seal,
        "generic": generic.build,
        "gmx-feature": gmx.build_feature,
        "gmx-market": gmx.build_market,
        "gmx-openings": gmx.build_openings,
        "morpho-cap": morpho.build_cap,
        "morpho-deallocate": morpho.build_deallocate,
        "morpho-revoke": morpho.build_revoke,
        "outflow": outflow.build,
        "pausable": pausable.build,
        "sky-protego": sky.build_protego,
        "sky-spell": sky.build_spell,
        "synthetix": synthetix.build,
    }
)


def build(manifest: Manifest, chain: Chain, epoch: int) -> dict[str, Adapter]:
    """Return the adapters of a protocol's brakes, by the brakes' names.

    `epoch` is the responder's term of leadership. Raises `ConfigurationError` naming protocol,
    brake and field.
    """
    found: dict[str, Adapter] = {}
    for brake in manifest.brakes:
        try:
            family = family_of(brake, chain)
        except ConfigurationError as error:
            raise ConfigurationError(f"{manifest.protocol}: {error}") from error
        found[brake.name] = RoutedAdapter(family, route_of(brake, epoch), brake.scope)
    return found


def family_of(brake: Brake, chain: Chain) -> Family:
    """Return what a brake calls. Raises `ConfigurationError` naming the brake."""
    make = FAMILIES.get(brake.adapter)
    if make is None:
        raise ConfigurationError(
            f"brake {brake.name}: no adapter {brake.adapter!r}; there are {', '.join(FAMILIES)}"
        )
    return make(brake, chain)


def route_of(brake: Brake, epoch: int) -> Route:
    """Return how a brake's call reaches its target."""
    return Direct() if brake.gate is None else Gate(brake.gate, epoch)
