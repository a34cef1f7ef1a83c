"""Detector sets: which plug-ins look at a protocol together, and the hosts made of them."""

from collections.abc import Callable, Iterable, Mapping

from detectors.api import Detector, Scope
from detectors.host import Host
from detectors.rules import Rules
from runtime import plugins
from schemas.errors import ConfigurationError
from schemas.manifest import Budget, Manifest

Detectors = Mapping[str, type[Detector]]
"""The classes of a set, by name, in the order in which the set names them."""


def load_set(names: Iterable[str], allowed: Iterable[str]) -> Detectors:
    """Load the plug-ins of a set. Raises `ConfigurationError` for one that is not allowed, not
    installed, claimed twice, or not a detector."""
    found: dict[str, type[Detector]] = {}
    for name in names:
        made = plugins.choose(plugins.DETECTORS, name, allowed).load()
        if not (isinstance(made, type) and issubclass(made, Detector)):
            raise ConfigurationError(
                f"plug-in {name!r} is not a subclass of detectors.api.Detector"
            )
        found[name] = made
    if not found:
        raise ConfigurationError("the detector set is empty")
    return found


class HostMaker:
    """Makes the host of any protocol, with its manifest where there is one."""

    def __init__(
        self,
        set_name: str,
        detectors: Detectors,
        manifests: Mapping[str, Manifest],
        finality_of: Callable[[str], int],
        without: frozenset[str] = frozenset(),
    ) -> None:
        self.set_name = set_name
        self._detectors = detectors
        self._manifests = manifests
        self._finality_of = finality_of
        self._without = without

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors of the set, by name."""
        return tuple(self._detectors)

    def make(self, chain: str, protocol: str) -> Host:
        """Return a new host that has learned nothing."""
        manifest = self._manifests.get(protocol)
        budget = manifest.budget if manifest else Budget()
        rules = Rules(
            set_name=self.set_name,
            finality=self._finality_of(chain),
            budget=1.0 / budget.transactions_per_false_alert,
            without=self._without,
        )
        return Host(Scope(chain, protocol, manifest), rules, self._detectors)

    def alert_lifetime(self, protocol: str) -> int:
        """Return for how many blocks an alert of this protocol may be acted on."""
        manifest = self._manifests.get(protocol)
        return manifest.limits.alert_blocks if manifest else 25
