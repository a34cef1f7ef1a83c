"""Every metric there is: a closed list, so that dashboards and alert rules can rely on it.

A counter that pages people is shown as 0 from the start, by whoever counts it: Prometheus sees no
rise in one that appears with its first event.

Labels are bounded by configuration (topics, sets, protocols of the manifests), never by what the
chain sends.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

_FAST = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.25, 0.5, 1, 2, 5, 10)
_SLOW = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)


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
        self._of_ingest()
        self._of_detectors()
        self._of_responders()
        self._of_forensics()
        self._of_neighbours()
        self._of_console()
        self._of_paging()
        self._of_archive()
        self._of_risk()
        self._of_assurance()
        self._of_hops()

    def _of_ingest(self) -> None:
        count, gauge = self._counter, self._gauge
        self.blocks = count("blocks", "Blocks published.", "chain")
        self.leads = gauge("leads", "1 for the replica that publishes, 0 for others.", "chain")
        self.responder_leads = gauge(
            "responder_leads", "1 for the responder that acts, 0 for others.", "chain"
        )
        self.head = gauge("head_block", "Newest block published.", "chain")
        self.head_time = gauge("head_timestamp_seconds", "Block time of that block.", "chain")
        self.reorg_depth = gauge("reorg_depth", "Blocks retracted by the latest reorg.", "chain")
        self.endpoint_faults = count("endpoint_faults", "Failed requests to a node.", "endpoint")
        self.outvoted = gauge("outvoted", "1 for a node that most others contradict.", "endpoint")
        self.untraced_blocks = count("untraced_blocks", "Blocks whose traces never came.", "chain")
        self.rehearsals = count("rehearsals", "Pending transactions simulated.", "chain", "outcome")
        self.dropped_pending = count("dropped_pending", "Pending transactions left out.", "chain")

    def _of_detectors(self) -> None:
        count, gauge = self._counter, self._gauge
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

    def _of_responders(self) -> None:
        count, gauge = self._counter, self._gauge
        self.actions = count("actions", "Steps of brakes.", "state")
        self.brake_faults = count(
            "brake_faults", "Brakes that people have to look at.", "protocol", "fault"
        )
        self.unrecalled = gauge(
            "unrecalled", "1 when alerts answered before a start were not all read again."
        )
        self.consents = count("consents", "Words between operators, by HTTP.", "outcome")
        self.armed = gauge("armed", "1 when brakes are sent, 0 in dry-run.", "protocol")
        self.coalesced = count("coalesced", "Alerts answered together with one alike.", "protocol")
        self.budget_left = gauge("budget_left", "Brakes left in this window.", "protocol")
        self.brake_unready = gauge(
            "brake_unready", "1 for a brake that would not work now.", "protocol", "brake"
        )
        self.loss_beyond_allowable = gauge(
            "loss_beyond_allowable",
            "1 where more may be lost than is allowed: speed is not enough, nor is the bucket.",
            "protocol",
            "asset",
        )
        self.bucket_amiss = gauge(
            "bucket_amiss",
            "1 where a bucket is not on chain as the manifest says.",
            "protocol",
            "asset",
        )
        self.bounds_looked = gauge(
            "bounds_looked_timestamp_seconds",
            "When what there is to lose was held against its bounds, or looking at it began.",
            "protocol",
        )
        self.drilled = gauge(
            "drilled_timestamp_seconds", "When brakes were tried, or drills began.", "protocol"
        )
        self.heartbeat = gauge("heartbeat_timestamp_seconds", "Last heartbeat mined.", "protocol")
        self.heartbeat_faults = count("heartbeat_faults", "Heartbeats that failed.", "protocol")
        self.authority_until = gauge(
            "authority_until_timestamp_seconds", "When the gate stops obeying.", "protocol"
        )

    def _of_forensics(self) -> None:
        count, gauge = self._counter, self._gauge
        self.audit_leaves = count("audit_leaves", "Records that became leaves.", "topic")
        self.audit_unread = count("audit_unread", "Leaves that nobody could read.", "topic")
        self.audit_sealed = gauge("audit_sealed", "Leaves under the newest checkpoint.")
        self.audit_vouched = gauge(
            "audit_vouched", "Leaves that a witness, or the chain, vouches for.", "who"
        )
        self.audit_faults = count("audit_faults", "Times that one did not.", "who")
        self.audit_anchors_left = gauge(
            "audit_anchors_left", "Roots that may still go there out of turn today.", "who"
        )

    def _of_neighbours(self) -> None:
        count, gauge = self._counter, self._gauge
        self.signals = count("signals", "Neighbours' signals, by what became of them.", "outcome")
        self.warnings = gauge("warnings", "Neighbours that warn of something now.", "protocol")
        self.warned_odds = gauge("warned_odds", "What that does to the prior's odds.", "protocol")
        self.issued = count("issued", "Signals of our own that were written.", "severity")
        self.carried = count("carried", "Deliveries to neighbours.", "neighbour", "outcome")

    def _of_console(self) -> None:
        count, gauge = self._counter, self._gauge
        self.console_sessions = gauge("console_sessions", "People who are signed in.")
        self.console_streams = gauge("console_streams", "Pages that listen for changes.")
        self.console_sign_ins = count("console_sign_ins", "Attempts to sign in.", "outcome")
        self.console_refused = count("console_refused", "Requests refused at the door.", "reason")
        self.statements = count("statements", "What people proposed and answered.", "kind")
        self.unshown = count("unshown", "Records that the console leaves out.", "topic")

    def _of_paging(self) -> None:
        count, gauge = self._counter, self._gauge
        self.pages = count("pages", "Cases that people had to be told of.", "severity")
        self.pages_open = gauge("pages_open", "Of those, still unacknowledged.")
        self.notifications = count(
            "notifications", "What channels took, or did not.", "channel", "result"
        )
        self.silent = gauge("silent", "1 for a service that was not heard of in time.", "service")
        self.pinged = gauge("pinged_timestamp_seconds", "When somebody outside was told we work.")

    def _of_archive(self) -> None:
        count = self._counter
        self.archived = count("archived", "Records in files that count.", "topic")
        self.archive_lost = count("archive_lost", "Records gone before they were kept.", "topic")
        self.archived_bytes = count("archived_bytes", "Bytes of those files.", "topic")

    def _of_risk(self) -> None:
        count, gauge = self._counter, self._gauge
        self.risk_records = count("risk_records", "Risk records written.", "protocol")
        self.risk_time = gauge(
            "risk_timestamp_seconds", "Block time of the newest risk record.", "protocol"
        )
        self.risk_probability = gauge(
            "risk_probability", "Of an incident within the horizon.", "protocol"
        )
        self.feed_faults = count("feed_faults", "Reports that a feed did not take.", "protocol")
        self.dial_turns = count("dial_turns", "Turns of dials that are on chain.", "protocol")
        self.dial_faults = count("dial_faults", "Turns that were due and not made.", "protocol")

    def _of_assurance(self) -> None:
        count, gauge = self._counter, self._gauge
        self.findings = count("findings", "Weaknesses told.", "severity", "state")
        self.findings_open = gauge(
            "findings_open", "Weaknesses of a protocol's contracts.", "protocol", "severity"
        )
        self.assessed = gauge(
            "assessed_timestamp_seconds", "Block time of the newest assessment.", "protocol"
        )
        self.answer_by = gauge(
            "answer_by_timestamp_seconds",
            "Until when people can answer what a cover, feed or dial said.",
            "protocol", "kind", "place",
        )  # fmt: skip
        self.assurance_faults = count("assurance_faults", "Assessments that failed.")

    def _of_hops(self) -> None:
        self.hop_seconds = Histogram(
            "firebreak_hop_seconds",
            "From the block's arrival at ingest to this hop.",
            ("hop",),
            registry=self.registry,
            buckets=_FAST,
        )
        self.checkpoint_seconds = Histogram(
            "firebreak_checkpoint_seconds",
            "How long records wait at one go while state is made durable.",
            registry=self.registry,
            buckets=_FAST,
        )
        self.sweep_seconds = Histogram(
            "firebreak_sweep_seconds",
            "From when state began to be written, bit by bit, until all of it was kept.",
            registry=self.registry,
            buckets=_SLOW,
        )

    def _counter(self, name: str, doc: str, *labels: str) -> Counter:
        return Counter(f"firebreak_{name}", doc, labels, registry=self.registry)

    def _gauge(self, name: str, doc: str, *labels: str) -> Gauge:
        return Gauge(f"firebreak_{name}", doc, labels, registry=self.registry)
