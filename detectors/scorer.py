"""What the detect service asks of whatever scores: the ports between its loop and the detectors."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from schemas.alerts import Alert, Withdrawal
from schemas.chain import Event, Transaction
from schemas.manifest import Manifest
from schemas.topics import TopicSpec


class Scorer(Protocol):
    """Scores and learns all that goes by one key, as `detectors.host.Host` does."""

    @property
    def chain(self) -> str:
        """The chain that the key belongs to."""
        ...

    layout: int
    """Which layout `dump` has and `load` takes; counts up with each that is not the one before."""

    learned: int
    """Records that it has learned from."""

    @property
    def turned_away(self) -> int:
        """Records that were scored and will never be learned, for want of room."""
        ...

    def take(self, record: Any, /) -> tuple[object | None, Alert | None]:
        """Score one record; return (None, None) for one that was taken already."""
        ...

    def retract(self, block: int, block_hash: str) -> Sequence[Withdrawal]:
        """Forget a block that left the chain; return the alerts that no longer hold."""
        ...

    def faults(self) -> Sequence[tuple[str, str]]:
        """Return (detector, what happened) for failures since the last call."""
        ...

    def shrink(self) -> str:
        """Give up the least of what is known; say what it was."""
        ...

    def dump(self) -> dict[str, Any]:
        """Return everything as JSON."""
        ...

    def written(self) -> bytes:
        """Return `dump` as JSON text. Costs less than to write it from that."""
        ...

    def load(self, state: dict[str, Any]) -> None:
        """Become what `dump` described."""
        ...


class ScorerMaker(Protocol):
    """Which topic is scored, by which key, with what."""

    @property
    def set_name(self) -> str:
        """The name under which state is kept and alerts are raised."""
        ...

    @property
    def topic(self) -> TopicSpec:
        """What is read."""
        ...

    @property
    def subject(self) -> type[Transaction] | type[Event]:
        """The records of the topic that are scored."""
        ...

    @property
    def detectors(self) -> tuple[str, ...]:
        """The detectors that are asked, by name."""
        ...

    @property
    def switched_off(self) -> Sequence[str]:
        """Those that failed too often and are asked no more."""
        ...

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        """What is watched, by protocol."""
        ...

    def describes(self, protocol: str) -> bool:
        """Say whether a manifest describes this protocol."""
        ...

    def key(self, record: Any, /) -> str:
        """Return the key that a record goes by."""
        ...

    def make(self, chain: str, key: str, /) -> Scorer:
        """Return what scores a key, with nothing learned."""
        ...

    def alert_lifetime(self, protocol: str) -> int:
        """Return for how many blocks an alert of this protocol may be acted on."""
        ...
