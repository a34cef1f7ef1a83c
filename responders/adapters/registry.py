"""Which adapters there are. A manifest names one; nothing is found by scanning."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from responders.adapters import gate, pausable
from responders.adapters.base import Adapter
from responders.chain import Chain
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Manifest

Build = Callable[[Brake, Chain, int], Adapter]
"""Makes the adapter of a brake on a chain, for a term of leadership (epoch)."""

ADAPTERS: Mapping[str, Build] = MappingProxyType({"gate": gate.build, "pausable": pausable.build})


def build(manifest: Manifest, chain: Chain, epoch: int) -> dict[str, Adapter]:
    """Return the adapters of a protocol's brakes, by the brakes' names.

    Raises `ConfigurationError` naming protocol and brake.
    """
    found = {}
    for brake in manifest.brakes:
        make = ADAPTERS.get(brake.adapter)
        if make is None:
            known = ", ".join(ADAPTERS)
            raise ConfigurationError(
                f"{manifest.protocol}: brake {brake.name}: no adapter {brake.adapter!r}; "
                f"there are {known}"
            )
        try:
            found[brake.name] = make(brake, chain, epoch)
        except ConfigurationError as error:
            raise ConfigurationError(f"{manifest.protocol}: {error}") from error
    return found
