"""Every metric there is: a closed list, so that dashboards and alert rules can rely on it.

A counter that pages people is shown as 0 from the start, by whoever counts it: Prometheus sees no
rise in one that appears with its first event.

Labels are bounded by configuration (topics, sets, protocols of the manifests), never by what the
chain sends.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_FAST = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1, 2, 5, 10)


class Metrics:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        count, gauge = self._counter, self._gauge

        self.ready = gauge("ready", "1 while the service does its work, 0 while it waits.")
        self.lag = gauge("consumer_lag", "Records of its share still unread.", "topic", "partition")
        self.records = count("records", "Records read.", "topic")
        self.published = count("published", "Records written.", "topic")
        self.dead_letters = count("dead_letters", "Records kept unread.", "topic", "fault")

        self.void = count("void", "Records of a publisher whose term was over.", "topic")

        self.blocks = count("blocks", "Blocks published.", "chain")
        self.leads = gauge("leads", "1 for the replica that publishes, 0 for others.", "chain")
        self.head = gauge("head_block", "Newest block published.", "chain")
        self.head_time = gauge("head_timestamp_seconds", "Block time of that block.", "chain")
        self.reorg_depth = gauge("reorg_depth", "Blocks retracted by the latest reorg.", "chain")
        self.endpoint_faults = count("endpoint_faults", "Failed requests to a node.", "endpoint")
        self.outvoted = gauge("outvoted", "1 for a node that most others contradict.", "endpoint")
        self.untraced_blocks = count("untraced_blocks", "Blocks whose traces never came.", "chain")
        self.rehearsals = count("rehearsals", "Pending transactions simulated.", "chain", "outcome")
        self.dropped_pending = count("dropped_pending", "Pending transactions left out.", "chain")

        self.scored = count("scored", "Transactions scored.", "set")
        self.vetted = count("vetted", "New contracts judged.", "chain")
        self.learned = count("learned", "Transactions learned from.", "set")
        self.unlearned = count("unlearned", "Scored, and no room to wait for learning.", "set")
        self.unwatched = count("unwatched", "Not scored: too many unknown protocols.", "set")
        self.shrunk = count("shrunk", "Times that a state had to be cut to be saved.", "set")
        self.alerts = count("alerts", "Alerts raised.", "set", "severity")
        self.withdrawals = count("withdrawals", "Alerts withdrawn.", "set")
        self.detector_faults = count("detector_faults", "Plug-in failures.", "detector")
        self.detector_off = gauge(
            "detector_off", "1 for a plug-in that failed too often.", "detector"
        )

        self.actions = count("actions", "Steps of brakes.", "state")
        self.brake_faults = count(
            "brake_faults", "Brakes that people have to look at.", "protocol", "fault"
        )
        self.armed = gauge("armed", "1 when brakes are sent, 0 in dry-run.", "protocol")
        self.budget_left = gauge("budget_left", "Brakes left in this window.", "protocol")
        self.brake_unready = gauge(
            "brake_unready", "1 for a brake that would not work now.", "protocol", "brake"
        )
        self.drilled = gauge("drilled_timestamp_seconds", "When brakes were tried.", "protocol")
        self.heartbeat = gauge("heartbeat_timestamp_seconds", "Last heartbeat mined.", "protocol")
        self.heartbeat_faults = count("heartbeat_faults", "Heartbeats that failed.", "protocol")
        self.authority_until = gauge(
            "authority_until_timestamp_seconds", "When the gate stops obeying.", "protocol"
        )

        self.findings = count("findings", "Weaknesses told.", "severity", "state")
        self.findings_open = gauge(
            "findings_open", "Weaknesses of a protocol's contracts.", "protocol", "severity"
        )
        self.assessed = gauge(
            "assessed_timestamp_seconds", "Block time of the newest assessment.", "protocol"
        )
        self.assurance_faults = count("assurance_faults", "Assessments that failed.")

        self.hop_seconds = Histogram(
            "firebreak_hop_seconds",
            "From the block's arrival at ingest to this hop.",
            ("hop",),
            registry=self.registry,
            buckets=_FAST,
        )
        self.checkpoint_seconds = Histogram(
            "firebreak_checkpoint_seconds",
            "Time to make state durable.",
            registry=self.registry,
            buckets=_FAST,
        )

    def _counter(self, name: str, doc: str, *labels: str) -> Counter:
        return Counter(f"firebreak_{name}", doc, labels, registry=self.registry)

    def _gauge(self, name: str, doc: str, *labels: str) -> Gauge:
        return Gauge(f"firebreak_{name}", doc, labels, registry=self.registry)
