"""New contracts in, alerts out: for the protocols they name, for the protocol whose partition they
came in, or for their chain."""

from collections.abc import Iterable, Mapping

from detectors.builtin.deployed_code import NAME, Rules, chain_key, vet
from detectors.bytecode.judgement import Judgement, judge
from runtime.logs import logger
from runtime.metrics import Metrics
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Deployment, Retraction
from schemas.ids import content_id
from schemas.manifest import Budget, Manifest

_log = logger(__name__)

ALERTS_KEPT = 4_096
"""Alerts that can still be withdrawn; the oldest gives way."""


class Vetting:
    """Judges new contracts. Remembers its alerts, so as to withdraw those of blocks that leave the
    chain; what it raised before a restart it does not withdraw."""

    def __init__(self, set_name: str, manifests: Mapping[str, Manifest], metrics: Metrics) -> None:
        self._set = set_name
        self._manifests = manifests
        self._faults = metrics.detector_faults.labels(NAME)
        self._raised: dict[str, Alert] = {}

    def of_protocol(self, deployment: Deployment, protocol: str) -> list[Alert]:
        """Return the alert that a contract is to the protocol that its creation touched."""
        found = self._judge(deployment)
        if found is None:
            return []
        return self._alerts(deployment, found, [self._rules(protocol)])

    def of_chain(self, deployment: Deployment) -> list[Alert]:
        """Return the alerts that a contract is to the protocols it names; to its chain, if it names
        none."""
        found = self._judge(deployment)
        if found is None:
            return []
        named = [
            protocol
            for protocol, manifest in sorted(self._manifests.items())
            if manifest.chain == deployment.chain and found.named(manifest.addresses)
        ]
        keys = named or [chain_key(deployment.chain)]
        return self._alerts(deployment, found, map(self._rules, keys))

    def _judge(self, deployment: Deployment) -> Judgement | None:
        """Return None for code that nobody could see, or that we cannot read."""
        if len(deployment.code) <= 2 and len(deployment.creation) <= 2:
            return None
        try:
            return judge(deployment.creation, deployment.code)
        except Exception as error:  # noqa: BLE001 - a stranger wrote the code; it must stop nothing
            self._faults.inc()
            _log.warning("code_unjudged", contract=deployment.address, reason=str(error))
            return None

    def _rules(self, protocol: str) -> Rules:
        manifest = self._manifests.get(protocol)
        budget = manifest.budget if manifest else Budget()
        return Rules(
            set_name=self._set,
            protocol=protocol,
            watched={c.address: c.name for c in manifest.contracts} if manifest else {},
            budget=1.0 / budget.transactions_per_false_alert,
            explorer=manifest.explorer if manifest else "",
        )

    def _alerts(
        self, deployment: Deployment, found: Judgement, rules: Iterable[Rules]
    ) -> list[Alert]:
        alerts = [alert for rule in rules if (alert := vet(deployment, rule, found)) is not None]
        for alert in alerts:
            self._raised.pop(alert.id, None)
            self._raised[alert.id] = alert
        while len(self._raised) > ALERTS_KEPT:
            del self._raised[next(iter(self._raised))]
        return alerts

    def retract(self, gone: Retraction) -> list[Withdrawal]:
        """Return what is taken back because a block left the chain."""
        void = [
            alert
            for alert in self._raised.values()
            if (alert.chain, alert.block_hash) == (gone.chain, gone.hash)
        ]
        for alert in void:
            del self._raised[alert.id]
        return [_withdrawal(alert) for alert in void]


def _withdrawal(alert: Alert) -> Withdrawal:
    return Withdrawal(
        id=content_id("withdrawal", alert.id),
        alert=alert.id,
        chain=alert.chain,
        protocol=alert.protocol,
        set=alert.set,
        block=alert.block,
        block_hash=alert.block_hash,
        tx=alert.tx,
        reason=f"block {alert.block} ({alert.block_hash[:10]}…) left the chain",
    )
