"""Detector sets: which plug-ins look at a protocol together, and the hosts made of them."""

from collections.abc import Callable, Iterable, Mapping

from detectors import events
from detectors.api import Detector, Scope
from detectors.events import EventHost
from detectors.guarded import Source
from detectors.host import Host
from detectors.rules import Rules
from detectors.strangers.outside import Stranger
from runtime import plugins
from schemas.chain import Event, Transaction
from schemas.errors import ConfigurationError
from schemas.manifest import Budget, Manifest
from schemas.topics import EVENTS, TRANSACTIONS

LONGEST_PROTOCOL = 128 - len("0x.") - 40
"""Characters beside a contract's address in the key of a snapshot."""

Detectors = Mapping[str, type[Detector] | Source]
"""What a set's detectors are made by, by name, in the order in which the set names them."""


def load_set(names: Iterable[str], allowed: Iterable[str]) -> Detectors:
    """Load the plug-ins of a set. Raises `ConfigurationError` for one that is not allowed, not
    installed, claimed twice, or not a detector.

    Shipped ones run here, for speed; each of the others gets a confined process, and is imported
    nowhere else.
    """
    chosen = [plugins.choose(plugins.DETECTORS, name, allowed) for name in names]
    if not chosen:
        raise ConfigurationError("the detector set is empty")
    return {plugin.name: source(plugin) for plugin in chosen}


def source(plugin: plugins.Plugin) -> type[Detector] | Source:
    """Return what makes a plug-in's detectors. Raises `ConfigurationError` when it makes none."""
    if not plugin.shipped:
        return Stranger(plugin.name, plugin.entry.value)
    made = plugin.load()
    if not (isinstance(made, type) and issubclass(made, Detector)):
        raise ConfigurationError(
            f"plug-in {plugin.name!r} is not a subclass of detectors.api.Detector"
        )
    return made


class HostMaker:
    """Makes the host of any protocol, with its manifest where there is one."""

    topic = TRANSACTIONS
    subject = Transaction

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
        self.manifests = manifests
        self._finality_of = finality_of
        self._without = without

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors of the set, by name."""
        return tuple(self._detectors)

    def key(self, tx: Transaction) -> str:
        """Return what the host of a transaction goes by: its protocol."""
        return tx.protocol

    def budget(self, protocol: str) -> float:
        """Return the share of a protocol's transactions that may alert."""
        manifest = self.manifests.get(protocol)
        return 1.0 / (manifest.budget if manifest else Budget()).transactions_per_false_alert

    def make(self, chain: str, protocol: str) -> Host:
        """Return a new host that has learned nothing."""
        manifest = self.manifests.get(protocol)
        budget = manifest.budget if manifest else Budget()
        rules = Rules(
            set_name=self.set_name,
            finality=self._finality_of(chain),
            budget=self.budget(protocol),
            market_seconds=budget.market_days_per_false_alert * 86_400.0,
            explorer=manifest.explorer if manifest else "",
            without=self._without,
        )
        return Host(Scope(chain, protocol, manifest), rules, self._detectors)

    @property
    def switched_off(self) -> list[str]:
        """The strangers that failed too often and are asked no more, by name."""
        return [
            name
            for name, source in self._detectors.items()
            if isinstance(source, Stranger) and source.off
        ]

    def describes(self, protocol: str) -> bool:
        """Say whether there is a manifest of this protocol."""
        return protocol in self.manifests

    def alert_lifetime(self, protocol: str) -> int:
        """Return for how many blocks an alert of this protocol may be acted on."""
        manifest = self.manifests.get(protocol)
        return manifest.limits.alert_blocks if manifest else 25


class EventHostMaker:
    """Makes the host of any contract's events, under the budget of its protocol."""

    topic = EVENTS
    subject = Event
    set_name = "events"

    def __init__(
        self, manifests: Mapping[str, Manifest], finality_of: Callable[[str], int]
    ) -> None:
        """Raises `ConfigurationError` for a protocol whose name is too long."""
        for name in manifests:
            if len(name) > LONGEST_PROTOCOL:
                raise ConfigurationError(
                    f"protocol {name!r}: single events are kept by contract and protocol, which "
                    f"leaves {LONGEST_PROTOCOL} characters for a protocol's name"
                )
        self.manifests = manifests
        self._finality_of = finality_of

    def key(self, event: Event) -> str:
        """Return what the host of an event goes by: contract and protocol, which may share it."""
        return f"{event.contract}.{event.protocol}"

    @property
    def detectors(self) -> tuple[str, ...]:
        """The one that looks at single events."""
        return (events.NAME,)

    @property
    def switched_off(self) -> list[str]:
        """Nothing: no stranger's code runs here."""
        return []

    def make(self, chain: str, key: str) -> EventHost:
        """Return a new host that has learned nothing."""
        protocol = key.partition(".")[2]
        manifest = self.manifests.get(protocol)
        budget = manifest.budget if manifest else Budget()
        rules = Rules(
            set_name=self.set_name,
            finality=self._finality_of(chain),
            budget=1.0 / budget.transactions_per_false_alert,
            explorer=manifest.explorer if manifest else "",
        )
        return EventHost(chain, protocol, rules)

    def describes(self, protocol: str) -> bool:
        """Say whether there is a manifest of this protocol."""
        return protocol in self.manifests

    def alert_lifetime(self, protocol: str) -> int:
        """Return for how many blocks an alert of this protocol may be acted on."""
        manifest = self.manifests.get(protocol)
        return manifest.limits.alert_blocks if manifest else 25
