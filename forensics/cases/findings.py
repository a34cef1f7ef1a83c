"""The alerts of an incident as OCSF Detection Findings (class 2004), for what gathers events.

Numbers are those of the schema, version 1.5; `py-ocsf-models` checks each finding.
"""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from py_ocsf_models.events.findings.detection_finding import (  # type: ignore[import-untyped]
    DetectionFinding,
)

from forensics.cases.dossier import Dossier
from runtime.pictures.words import plain
from schemas.alerts import Alert, Severity, Vote

_CLASS = 2004
_CREATED, _CLOSED = 1, 3
_IN_PROGRESS, _SUPPRESSED = 2, 3
_OTHER = 99
_SEVERITIES: dict[Severity, int] = {"low": 2, "medium": 3, "high": 4, "critical": 5}

MAX_OBSERVABLES = 50


def findings(dossier: Dossier, attackers: Iterable[str]) -> list[dict[str, Any]]:
    """Return one finding for each alert, in the order of the chain; a withdrawn one is closed."""
    withdrawn = {one.alert for one in dossier.withdrawals}
    suspects = sorted(attackers)[:MAX_OBSERVABLES]
    ordered = sorted(dossier.alerts, key=lambda alert: (alert.block, alert.index, alert.id))
    found = []
    for alert in ordered:
        told = _finding(alert, dossier.incident.id, suspects, gone=alert.id in withdrawn)
        checked = DetectionFinding.model_validate(told)
        found.append(checked.model_dump(mode="json", exclude_none=True))
    return found


def _finding(alert: Alert, incident: str, suspects: list[str], *, gone: bool) -> dict[str, Any]:
    at = alert.timestamp * 1000
    activity = _CLOSED if gone else _CREATED
    alerted = [vote for vote in alert.votes if vote.alerted]
    return {
        "activity_id": activity,
        "type_uid": _CLASS * 100 + activity,
        "time": at,
        "severity_id": _SEVERITIES[alert.severity],
        "severity": alert.severity.capitalize(),
        "status_id": _SUPPRESSED if gone else _IN_PROGRESS,
        "message": plain(alert.summary, 500),
        "metadata": {
            "product": {
                "name": "Firebreak",
                "vendor_name": "Firebreak",
                "version": version("firebreak"),
            },
            "uid": alert.id,
            "correlation_uid": incident,
        },
        "finding_info": {
            "uid": alert.id,
            "title": plain(alert.summary, 120),
            "desc": plain(alert.summary, 500),
            "created_time": at,
            "attacks": _techniques(alerted) or None,
            "types": [f"detector set {alert.set}"],
        },
        "resources": [
            {"uid": f"{alert.chain}:{one}", "type": "smart contract", "name": alert.protocol}
            for one in alert.losing
        ]
        or [{"uid": alert.protocol, "type": "protocol", "name": alert.protocol}],
        "observables": [
            {"name": name, "type_id": _OTHER, "type": name, "value": value}
            for name, value in (("transaction", alert.tx), *(("account", s) for s in suspects))
        ],
        "evidences": [_evidence(vote) for vote in alerted],
        "unmapped": {
            "chain": alert.chain,
            "block": alert.block,
            "block_hash": alert.block_hash,
            "p_value": alert.p_value,
            "budget": alert.budget,
        },
    }


def _techniques(votes: Iterable[Vote]) -> list[dict[str, Any]]:
    """Return MITRE AADAPT ids where ATT&CK's belong; the version tells them apart."""
    named = dict.fromkeys(vote.technique for vote in votes if vote.technique)
    return [{"technique": {"uid": one, "name": one}, "version": "MITRE AADAPT"} for one in named]


def _evidence(vote: Vote) -> dict[str, Any]:
    return {
        "name": vote.detector,
        "data": {
            "p_value": vote.p_value,
            "version": vote.version,
            "reasons": [plain(reason.text, 500) for reason in vote.reasons],
        },
    }
