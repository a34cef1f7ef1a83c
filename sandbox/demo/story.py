"""What has happened so far, as far as anybody outside the services can know it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas.actions import Action
from schemas.alerts import Alert
from schemas.base import Record
from schemas.chain import Block
from schemas.headers import HOPS
from schemas.incidents import Incident

Times = dict[str, int]
"""By hop, in nanoseconds since 1970."""


@dataclass(slots=True)
class Story:
    """The demo as it unfolds."""

    scenario: str
    armed: bool
    phase: str = "ordinary life"
    block: int = 0
    """Newest block that ingest has published."""
    honest: int = 0
    """Honest transactions sent."""
    honest_refused: int = 0
    """Honest transactions that failed because the target was paused."""
    preparation: str = ""
    """Hash of the transaction that creates the attacker's contract and steals nothing yet."""
    attack: list[str] = field(default_factory=list)
    """Hashes of the draining transactions, in order."""
    stolen: list[int | None] = field(default_factory=list)
    """What each of them got away with; None when it was reverted."""
    alerts: dict[str, Alert] = field(default_factory=dict)
    """By id, in the order in which they came."""
    actions: dict[str, list[Action]] = field(default_factory=dict)
    """The steps of each brake, by its id."""
    incidents: dict[str, Incident] = field(default_factory=dict)
    alert_times: dict[str, Times] = field(default_factory=dict)
    action_times: dict[tuple[str, str], Times] = field(default_factory=dict)
    """By action and alert: what one alert may not pull, a later one may."""

    def hear(self, record: Record, times: Times) -> None:
        """Take in one record and the times of its hops."""
        if isinstance(record, Block):
            self.block = max(self.block, record.number)
        elif isinstance(record, Alert):
            self.alerts.setdefault(record.id, record)
            self.alert_times.setdefault(record.id, times)
        elif isinstance(record, Action):
            steps = self.actions.setdefault(record.action, [])
            if all(record.id != step.id for step in steps):
                steps.append(record)
            known = self.action_times.setdefault((record.action, record.alert), {})
            for hop, moment in times.items():
                known.setdefault(hop, moment)
        elif isinstance(record, Incident):
            self.incidents[record.id] = record

    @property
    def false_alerts(self) -> list[Alert]:
        """Alerts on anything but the attacker's transactions."""
        return [alert for alert in self.alerts.values() if not self.is_attack(alert)]

    @property
    def first_alert(self) -> Alert | None:
        """The first alert on a transaction of the attacker's."""
        return next((alert for alert in self.alerts.values() if self.is_attack(alert)), None)

    def is_attack(self, alert: Alert) -> bool:
        """Say whether an alert is about one of the attacker's transactions."""
        return alert.tx == self.preparation or alert.tx in self.attack

    def braked(self, states: Iterable[str]) -> Action | None:
        """Return the first step of any brake that is in one of these states."""
        wanted = set(states)
        for steps in self.actions.values():
            for step in steps:
                if step.state in wanted:
                    return step
        return None

    def timeline(self) -> dict[str, float]:
        """Return when the alert that pulled the brake, or the first where none did, and its brake
        passed each hop, in milliseconds after ingest received the block."""
        pulled = self.braked(["broadcast"])
        alert = self.alerts.get(pulled.alert) if pulled else self.first_alert
        if alert is None:
            return {}
        times = dict(self.alert_times[alert.id])
        for (_, cause), hops in self.action_times.items():
            if cause == alert.id:
                times |= hops
        start = times.get("received")
        if start is None:
            return {}
        return {hop: (times[hop] - start) / 1e6 for hop in HOPS if hop in times}
