"""Plug-ins: found by entry point, run only when the operator's list allows them.

A name must match exactly one installed entry point. Nothing is scanned, nothing is guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from schemas.errors import ConfigurationError

DETECTORS = "firebreak.detectors"


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plug-in, not loaded yet."""

    name: str
    group: str
    distribution: str
    version: str
    entry: EntryPoint

    @property
    def shipped(self) -> bool:
        """Whether it came with Firebreak; anything else is a stranger's and never imported here."""
        ours = self.distribution == "firebreak"
        return ours and self.entry.module.startswith("detectors.builtin.")

    def load(self) -> Any:
        """Import what the entry point names. Raises `ConfigurationError` with the reason."""
        try:
            return self.entry.load()
        except (Exception, SystemExit) as error:
            raise ConfigurationError(
                f"plug-in {self.name} of {self.distribution} {self.version} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error


def installed(group: str) -> list[Plugin]:
    """Return every plug-in of a group, by name."""
    found = [
        Plugin(
            name=entry.name,
            group=group,
            distribution=entry.dist.name if entry.dist else "unknown",
            version=entry.dist.version if entry.dist else "unknown",
            entry=entry,
        )
        for entry in entry_points(group=group)
    ]
    return sorted(found, key=lambda plugin: (plugin.name, plugin.distribution))


def choose(group: str, name: str, allowed: Iterable[str]) -> Plugin:
    """Return the one plug-in of that name, if the operator allows it."""
    if name not in set(allowed):
        raise ConfigurationError(
            f"plug-in {name!r} is not on the allow-list; add it to detect.allowed once you trust it"
        )
    matches = [plugin for plugin in installed(group) if plugin.name == name]
    if not matches:
        known = ", ".join(sorted({plugin.name for plugin in installed(group)})) or "none"
        raise ConfigurationError(f"no plug-in named {name!r} is installed; installed: {known}")
    if len(matches) > 1:
        owners = ", ".join(plugin.distribution for plugin in matches)
        raise ConfigurationError(f"plug-in {name!r} is claimed by {owners}: uninstall all but one")
    return matches[0]
