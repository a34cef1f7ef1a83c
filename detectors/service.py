"""The detect service: transactions in, signed alerts out, state in snapshots."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from detectors.host import Host
from detectors.sets import HostMaker
from detectors.vetting import Vetting
from runtime.broker import Message, Offsets, Partition, Producer
from runtime.clock import Clock
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.signatures import Signer, sequence
from runtime.state import StateStore
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Deployment, Retraction, Transaction
from schemas.codec import encode
from schemas.headers import CHAIN, RECORD_ID, Headers, hop_headers, hops
from schemas.operations import KeyState
from schemas.topics import ALERTS, DETECTOR_STATE, TRANSACTIONS

_log = logger(__name__)

MAX_HOSTS = 4_096
"""Protocols of one partition that no manifest describes and that are scored all the same."""

MAX_STATE_BYTES = DETECTOR_STATE.max_bytes - 64 * 1024
"""What one protocol's state may take in a snapshot, beside what is said about it."""


@dataclass(slots=True)
class _Share:
    """What this process holds of one partition."""

    hosts: dict[str, Host] = field(default_factory=dict)
    covered: dict[str, int] = field(default_factory=dict)
    """Per protocol: input below this offset is in its state already."""
    changed: set[str] = field(default_factory=set)


class Publisher:
    """Writes alerts, with the times of their hops and, given a key, a signature."""

    def __init__(
        self, producer: Producer, clock: Clock, metrics: Metrics, signer: Signer | None
    ) -> None:
        self._producer = producer
        self._clock = clock
        self._metrics = metrics
        self._signer = signer

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
        self._producer.flush()


class DetectTask:
    """What the consumer loop runs. Without a store it starts from nothing and keeps nothing, as a
    replay does."""

    topics = (TRANSACTIONS.name,)

    def __init__(
        self,
        intake: Intake,
        publisher: Publisher,
        maker: HostMaker,
        metrics: Metrics,
        store: StateStore | None,
    ) -> None:
        self._intake = intake
        self._publisher = publisher
        self._maker = maker
        self._metrics = metrics
        self._store = store
        self._vetting = Vetting(maker.set_name, maker.manifests, metrics)
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
                host.load(state.state["host"])
                share.hosts[key] = host
                share.covered[key] = state.offset
            starts[partition] = saved.start
            _log.info("restored", partition=partition.number, protocols=len(saved.keys))
        return starts

    def process(self, batch: Sequence[Message]) -> None:
        """Score every transaction, in order; publish what alerts and what is withdrawn."""
        for message in batch:
            record = self._intake.read(message)
            share = self._shares[message.partition]
            if isinstance(record, Transaction):
                self._take(share, message, record)
            elif isinstance(record, Deployment):
                self._vet(share, message, record)
            elif isinstance(record, Retraction):
                self._retract(share, message, record)

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

    def _take(self, share: _Share, message: Message, tx: Transaction) -> None:
        if message.offset < share.covered.get(tx.protocol, 0):
            return
        host = share.hosts.get(tx.protocol)
        if host is None:
            if len(share.hosts) >= MAX_HOSTS and not self._maker.describes(tx.protocol):
                self._metrics.unwatched.labels(self._maker.set_name).inc()
                return
            host = share.hosts[tx.protocol] = self._maker.make(tx.chain, tx.protocol)
        learned, away = host.learned, host.turned_away
        opinion, alert = host.take(tx)
        if host.learned > learned:
            self._metrics.learned.labels(self._maker.set_name).inc(host.learned - learned)
        if opinion is None:
            return
        self._metrics.unlearned.labels(self._maker.set_name).inc(host.turned_away - away)
        share.changed.add(tx.protocol)
        self._metrics.scored.labels(self._maker.set_name).inc()
        if alert is not None:
            self._publish(alert, message)
        self._report(host, tx.tx)

    def _report(self, host: Host, during: str) -> None:
        """Tell of plug-ins that failed; those that are off now are on the gauge and in the
        probe's answer as well."""
        faults = list(host.faults())
        for detector, fault in faults:
            self._metrics.detector_faults.labels(detector).inc()
            _log.warning("detector_failed", detector=detector, fault=fault, during=during)
        for detector in self._maker.switched_off if faults else ():
            self._metrics.detector_off.labels(detector).set(1)

    def _retract(self, share: _Share, message: Message, gone: Retraction) -> None:
        for withdrawal in self._vetting.retract(gone):
            lifetime = self._maker.alert_lifetime(withdrawal.protocol)
            self._publisher.publish(withdrawal, message, lifetime)
            self._metrics.withdrawals.labels(self._maker.set_name).inc()
        for protocol, host in share.hosts.items():
            if message.offset < share.covered.get(protocol, 0) or host.chain != gone.chain:
                continue
            for withdrawal in host.retract(gone.number, gone.hash):
                lifetime = self._maker.alert_lifetime(protocol)
                self._publisher.publish(withdrawal, message, lifetime)
                self._metrics.withdrawals.labels(self._maker.set_name).inc()
            share.changed.add(protocol)

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
                    self._store.save(partition.number, offset, states)
                share.changed.clear()

    def _state(self, share: _Share, key: str, partition: int, offset: int) -> KeyState:
        host = share.hosts[key]
        state = host.dump()
        self._report(host, "snapshot")
        while len(orjson.dumps(state)) > MAX_STATE_BYTES:
            _log.error("state_too_large", protocol=key, given_up=host.shrink())
            self._metrics.shrunk.labels(self._maker.set_name).inc()
            state = host.dump()
        return KeyState(
            set=self._maker.set_name,
            key=key,
            partition=partition,
            offset=offset,
            state={"chain": host.chain, "host": state},
        )

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget these partitions."""
        for partition in partitions:
            self._shares.pop(partition.number, None)

    def tick(self) -> None:
        """Nothing is due without a record: detectors know event time only."""

    def ready(self) -> bool:
        """Scoring never has to wait for anything."""
        return True
