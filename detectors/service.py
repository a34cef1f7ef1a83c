"""The detect service: transactions or single events in, signed alerts out, state in snapshots."""

from collections.abc import Iterator, Sequence
from hashlib import sha256

import orjson

from detectors.host import Host
from detectors.publisher import Publisher
from detectors.scorer import Scorer, ScorerMaker
from detectors.snapshots import Share, Snapshots
from detectors.vetting import Vetting
from runtime.broker import Message, Offsets, Partition
from runtime.intake import Intake
from runtime.logs import logger
from runtime.metrics import Metrics
from runtime.state import Restored, StateStore
from schemas.alerts import Alert
from schemas.chain import Block, Deployment, Event, Price, Retraction, Transaction

_log = logger(__name__)

MAX_HOSTS = 4_096
"""Protocols of one partition that no manifest describes and that are scored all the same."""


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
        self._snapshots = Snapshots(maker.set_name, publisher, metrics, store, self._report)
        self._vetting = Vetting(maker.set_name, maker.manifests, metrics)
        self._subject, self._key = maker.subject, maker.key
        self.topics = (maker.topic.name,)
        self._scored = metrics.scored.labels(maker.set_name)
        self._shares: dict[int, Share] = {}
        for name in maker.detectors:
            metrics.detector_faults.labels(name)

    def assigned(self, partitions: Sequence[Partition]) -> Offsets:
        """Restore the protocols of these partitions; start where their state ends."""
        starts: dict[Partition, int] = {}
        for partition in partitions:
            share = self._shares[partition.number] = Share()
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
            share.marked = saved != Restored()
            starts[partition] = saved.start
            _log.info("restored", partition=partition.number, protocols=len(saved.keys))
        return starts

    def process(self, batch: Sequence[Message]) -> None:
        """Score every record, in order; publish what alerts and what is withdrawn."""
        scored, shares, subject = 0, self._shares, self._subject
        for message, record in self._intake.read_all(batch):
            share = shares[message.partition]
            if isinstance(record, subject):
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

    def _vet(self, share: Share, message: Message, deployment: Deployment) -> None:
        """Judge a contract that was created by a transaction of the protocol."""
        protocol = (message.key or b"").decode(errors="replace")
        if message.offset >= share.covered.get(protocol, 0):
            for alert in self._vetting.of_protocol(deployment, protocol):
                self._publish(alert, message)

    def _publish(self, alert: Alert, message: Message) -> None:
        self._publisher.publish(alert, message, self._maker.alert_lifetime(alert.protocol))
        self._metrics.alerts.labels(self._maker.set_name, alert.severity).inc()
        _log.info("alert", protocol=alert.protocol, tx=alert.tx, p_value=alert.p_value)

    def _take(self, share: Share, message: Message, record: Transaction | Event) -> bool:
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
        share.changed[key] = message.offset + 1
        if alert is not None:
            self._publish(alert, message)
        if faults := host.faults():
            self._tell(faults, record.tx)
        return True

    def _take_price(self, share: Share, message: Message, price: Price) -> None:
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
        share.changed[protocol] = message.offset + 1
        if alert is not None:
            self._publish(alert, message)
        self._report(host, price.id)

    def _report(self, host: Scorer, during: str) -> None:
        self._tell(host.faults(), during)

    def _tell(self, faults: Sequence[tuple[str, str]], during: str) -> None:
        """Tell of plug-ins that failed; those that are off now are on the gauge and in the
        probe's answer as well."""
        if not faults:
            return
        for detector, fault in faults:
            self._metrics.detector_faults.labels(detector).inc()
            _log.warning("detector_failed", detector=detector, fault=fault, during=during)
        for detector in self._maker.switched_off:
            self._metrics.detector_off.labels(detector).set(1)

    def _retract(self, share: Share, message: Message, gone: Retraction) -> None:
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
            share.changed[key] = message.offset + 1

    def checkpoint(self, offsets: Offsets) -> None:
        """Wait for the alerts to be kept, then save the state of every protocol that changed."""
        with self._metrics.checkpoint_seconds.time():
            self._snapshots.whole(self._shares, offsets)

    def settled(self, offsets: Offsets) -> Offsets:
        """Return up to where alerts are kept; the states are written bit by bit in `tick`."""
        return self._snapshots.settle(self._shares, offsets)

    def digests(self) -> Iterator[tuple[str, str]]:
        """Yield for each key one name for all that is known of it: equal after equal records,
        however they were partitioned, batched or kept."""
        for share in self._shares.values():
            for key, host in share.hosts.items():
                known = orjson.dumps([host.chain, host.dump()], option=orjson.OPT_SORT_KEYS)
                yield key, sha256(known).hexdigest()

    def released(self, partitions: Sequence[Partition]) -> None:
        """Forget these partitions."""
        for partition in partitions:
            self._shares.pop(partition.number, None)

    def tick(self) -> None:
        """Write some of what the snapshot lacks. Detectors know event time only: of them nothing
        is due without a record."""
        self._snapshots.slice(self._shares)

    def ready(self) -> bool:
        """Scoring never has to wait for anything."""
        return True
