"""The detect service: transactions or single events in, signed alerts out, state in snapshots."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol

import orjson

from detectors.host import Host
from detectors.vetting import Vetting
from runtime.broker import Message, Offsets, Partition, Producer
from runtime.clock import Clock
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.signatures import Signer, sequence
from runtime.state import StateStore
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Block, Deployment, Event, Price, Retraction, Transaction
from schemas.codec import encode
from schemas.errors import UnsafeToContinueError
from schemas.headers import CHAIN, RECORD_ID, Headers, hop_headers, hops
from schemas.manifest import Manifest
from schemas.operations import KeyState
from schemas.topics import ALERTS, DETECTOR_STATE, TopicSpec

_log = logger(__name__)

MAX_HOSTS = 4_096
"""Protocols of one partition that no manifest describes and that are scored all the same."""

MAX_STATE_BYTES = DETECTOR_STATE.max_bytes - 64 * 1024
"""What one protocol's state may take in a snapshot, beside what is said about it."""


MAX_CUTS = 100
"""Times that a state is cut before that is hopeless: what waits is halved, detectors emptied."""


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


@dataclass(slots=True)
class _Share:
    """What this process holds of one partition."""

    hosts: dict[str, Scorer] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)
    """Per key: input below this offset is in its state already."""
    changed: set[str] = field(default_factory=set)
    told: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Per key: the records learned and the records turned away that the metrics know of."""
    heads: dict[str, int] = field(default_factory=dict)
    """The newest block of each chain."""


class Publisher:
    """Writes alerts, with the times of their hops and, given a key, a signature."""

    def __init__(
        self, producer: Producer, clock: Clock, metrics: Metrics, signer: Signer | None
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._metrics = metrics
        self._signer = signer
        self.wrote: Offsets = {}
        """Per partition of the alerts the offset after the newest that is known to be kept."""

    def publish(self, record: Alert | Withdrawal, cause: Message, lifetime: int) -> None:
        """Queue one record; it may be acted on for `lifetime` blocks."""
        value = encode(record)
        times = hops(cause.headers)
        times["scored"] = self._clock.now_ns()
        if "received" in times:
            elapsed = (times["scored"] - times["received"]) / 1e9
            self._metrics.hop_seconds.labels("scored").observe(elapsed)
        headers: Headers = ((RECORD_ID, record.id.encode()), *hop_headers(times))
        if self._signer is not None:
            index = record.index if isinstance(record, Alert) else 0
            headers += (
                (CHAIN, record.chain.encode()),
                *self._signer.sign(
                    value,
                    sequence=sequence(record.block, index),
                    expires=record.block + lifetime,
                ),
            )
        self._producer.send(ALERTS.name, value, key=record.protocol.encode(), headers=headers)

    def flush(self) -> None:
        """Wait until everything is kept."""
        ends = self._producer.flush()
        self.wrote = {spot: end for spot, end in ends.items() if spot.topic == ALERTS.name}


class DetectTask:
    """What the consumer loop runs. Without a store it starts from nothing and keeps nothing, as a
    replay does."""

    def __init__(
        self,
        intake: Intake,
        publisher: Publisher,
        maker: ScorerMaker,
        metrics: Metrics,
        store: StateStore | None,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._maker = maker
        self._metrics = metrics
        self._store = store
        self._vetting = Vetting(maker.set_name, maker.manifests, metrics)
        self._subject, self._key = maker.subject, maker.key
        self.topics = (maker.topic.name,)
        self._scored = metrics.scored.labels(maker.set_name)
        self._learned = metrics.learned.labels(maker.set_name)
        self._unlearned = metrics.unlearned.labels(maker.set_name)
        self._shares: dict[int, _Share] = {}
        for name in maker.detectors:
            metrics.detector_faults.labels(name)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Restore the protocols of these partitions; start where their state ends."""
        starts: dict[Partition, int] = {}
        for partition in partitions:
            share = self._shares[partition.number] = _Share()
            if self._store is None:
                continue
            saved = self._store.restore(partition.number)
            for key, state in saved.keys.items():
                host = self._maker.make(state.state["chain"], key)
                if state.state.get("layout") == host.layout:
                    host.load(state.state["host"])
                else:
                    _log.warning("learns_anew", key=key, reason="another version saved its state")
                share.hosts[key] = host
                share.covered[key] = state.offset
                share.told[key] = (host.learned, host.turned_away)
            share.heads.update(saved.heads)
            starts[partition] = saved.start
            _log.info("restored", partition=partition.number, protocols=len(saved.keys))
        return starts

    def process(self, batch: Sequence[Message]) -> None:
        """Score every record, in order; publish what alerts and what is withdrawn."""
        scored = 0
        for message, record in self._intake.read_all(batch):
            share = self._shares[message.partition]
            if isinstance(record, self._subject):
                scored += self._take(share, message, record)
            elif isinstance(record, Price):
                self._take_price(share, message, record)
            elif isinstance(record, Deployment):
                self._vet(share, message, record)
            elif isinstance(record, Block):
                share.heads[record.chain] = record.number
            elif isinstance(record, Retraction):
                share.heads[record.chain] = max(0, record.number - 1)
                self._retract(share, message, record)
        self._scored.inc(scored)

    def _vet(self, share: _Share, message: Message, deployment: Deployment) -> None:
        """Judge a contract that was created by a transaction of the protocol."""
        protocol = (message.key or b"").decode(errors="replace")
        if message.offset >= share.covered.get(protocol, 0):
            for alert in self._vetting.of_protocol(deployment, protocol):
                self._publish(alert, message)

    def _publish(self, alert: Alert, message: Message) -> None:
        self._publisher.publish(alert, message, self._maker.alert_lifetime(alert.protocol))
        self._metrics.alerts.labels(self._maker.set_name, alert.severity).inc()
        _log.info("alert", protocol=alert.protocol, tx=alert.tx, p_value=alert.p_value)

    def _take(self, share: _Share, message: Message, record: Transaction | Event) -> bool:
        """Score one record; say whether it had not been scored yet."""
        key = self._key(record)
        host = share.hosts.get(key)
        if host is None:
            if len(share.hosts) >= MAX_HOSTS and not self._maker.describes(record.protocol):
                self._metrics.unwatched.labels(self._maker.set_name).inc()
                return False
            host = share.hosts[key] = self._maker.make(record.chain, key)
        elif share.covered and message.offset < share.covered.get(key, 0):
            return False
        opinion, alert = host.take(record)
        if opinion is None:
            return False
        share.changed.add(key)
        if alert is not None:
            self._publish(alert, message)
        self._report(host, record.tx)
        return True

    def _take_price(self, share: _Share, message: Message, price: Price) -> None:
        """Judge a bar for the protocol in whose partition, and under whose key, it travels; one
        that no manifest asked for says nothing about anything."""
        protocol = (message.key or b"").decode(errors="replace")
        manifest = self._maker.manifests.get(protocol)
        if manifest is None or message.offset < share.covered.get(protocol, 0):
            return
        host = share.hosts.get(protocol)
        if host is None:
            host = share.hosts[protocol] = self._maker.make(manifest.chain, protocol)
        if not isinstance(host, Host):
            return
        _, alert = host.take_price(price, share.heads.get(host.chain, 0))
        share.changed.add(protocol)
        if alert is not None:
            self._publish(alert, message)
        self._report(host, price.id)

    def _report(self, host: Scorer, during: str) -> None:
        """Tell of plug-ins that failed; those that are off now are on the gauge and in the
        probe's answer as well."""
        faults = host.faults()
        if not faults:
            return
        for detector, fault in faults:
            self._metrics.detector_faults.labels(detector).inc()
            _log.warning("detector_failed", detector=detector, fault=fault, during=during)
        for detector in self._maker.switched_off:
            self._metrics.detector_off.labels(detector).set(1)

    def _retract(self, share: _Share, message: Message, gone: Retraction) -> None:
        for withdrawal in self._vetting.retract(gone):
            lifetime = self._maker.alert_lifetime(withdrawal.protocol)
            self._publisher.publish(withdrawal, message, lifetime)
            self._metrics.withdrawals.labels(self._maker.set_name).inc()
        for key, host in share.hosts.items():
            if message.offset < share.covered.get(key, 0) or host.chain != gone.chain:
                continue
            for withdrawal in host.retract(gone.number, gone.hash):
                lifetime = self._maker.alert_lifetime(withdrawal.protocol)
                self._publisher.publish(withdrawal, message, lifetime)
                self._metrics.withdrawals.labels(self._maker.set_name).inc()
            share.changed.add(key)

    def checkpoint(self, offsets: Offsets) -> None:
        """Wait for the alerts to be kept, then save the state of every protocol that changed."""
        with self._metrics.checkpoint_seconds.time():
            self._publisher.flush()
            for partition, offset in offsets.items():
                share = self._shares[partition.number]
                if self._store is not None:
                    states = [
                        self._state(share, key, partition.number, offset)
                        for key in sorted(share.changed)
                    ]
                    self._store.save(partition.number, offset, states, share.heads)
                self._count(share)
                share.changed.clear()

    def _count(self, share: _Share) -> None:
        """Bring the metrics up to what the changed keys have learned and turned away."""
        for key in share.changed:
            host = share.hosts[key]
            learned, away = share.told.get(key, (0, 0))
            self._learned.inc(host.learned - learned)
            self._unlearned.inc(host.turned_away - away)
            share.told[key] = (host.learned, host.turned_away)

    def _state(self, share: _Share, key: str, partition: int, offset: int) -> KeyState:
        host = share.hosts[key]
        state = self._fitting(key, host)
        self._report(host, "snapshot")
        return KeyState(
            set=self._maker.set_name,
            key=key,
            partition=partition,
            offset=offset,
            state={"chain": host.chain, "layout": host.layout, "host": state},
        )

    def _fitting(self, key: str, host: Scorer) -> dict[str, Any]:
        """Return a host's state, cut until a snapshot can hold it."""
        for _ in range(MAX_CUTS):
            state = host.dump()
            if len(orjson.dumps(state)) <= MAX_STATE_BYTES:
                return state
            _log.error("state_too_large", protocol=key, given_up=host.shrink())
            self._metrics.shrunk.labels(self._maker.set_name).inc()
        raise UnsafeToContinueError(
            f"the state of {key} does not fit into a snapshot even with everything given up that "
            f"can be; run the set {self._maker.set_name} with fewer detectors"
        )

    def digest(self) -> str:
        """Return one name for all that is known of every key: equal after equal records, however
        they were partitioned, batched or kept."""
        known = {
            key: [host.chain, host.dump()]
            for share in self._shares.values()
            for key, host in share.hosts.items()
        }
        return sha256(orjson.dumps(known, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget these partitions."""
        for partition in partitions:
            self._shares.pop(partition.number, None)

    def tick(self) -> None:
        """Nothing is due without a record: detectors know event time only."""

    def ready(self) -> bool:
        """Scoring never has to wait for anything."""
        return True
