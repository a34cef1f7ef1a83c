"""Alerts, withdrawals and actions of one protocol, told apart by small numbers."""

from schemas.actions import Action
from schemas.alerts import Alert, Severity, Vote, Withdrawal
from schemas.cases import CASE_WINDOW
from schemas.ids import content_id, incident_id
from schemas.incidents import Acknowledgement

CHAIN = "eip155:1"
PROTOCOL = "meadow"
START = 1_700_000_000
LATER = START + 10 * CASE_WINDOW


def tx(number: int) -> str:
    return f"0x{number:064x}"


def alert_id(number: int) -> str:
    return content_id("alert", number)


def incident(number: int, protocol: str = PROTOCOL) -> str:
    """The incident that the transaction of alert `number` opens."""
    return incident_id(CHAIN, protocol, tx(number))


def alert(
    number: int,
    *,
    at: int = START,
    severity: Severity = "high",
    protocol: str = PROTOCOL,
    transaction: int | None = None,
) -> Alert:
    return Alert(
        id=alert_id(number),
        chain=CHAIN,
        protocol=protocol,
        set="core",
        phase="head",
        block=(at - START) // 12 + 1000,
        block_hash=tx(at),
        timestamp=at,
        index=0,
        tx=tx(number if transaction is None else transaction),
        score=4.0,
        p_value=1e-4,
        budget=0.0025,
        severity=severity,
        summary=f"alert {number}: price moved",
        votes=(
            Vote(
                detector="price-move",
                version="1",
                score=4.0,
                p_value=1e-4,
                tail="empirical",
                learned=100,
                alerted=True,
            ),
        ),
    )


def withdrawal(number: int, *, protocol: str = PROTOCOL) -> Withdrawal:
    return Withdrawal(
        id=content_id("withdrawal", number),
        alert=alert_id(number),
        chain=CHAIN,
        protocol=protocol,
        set="core",
        block=1000,
        block_hash=tx(number),
        tx=tx(number),
        reason="its block left the chain",
    )


def action(
    number: int,
    state: str,
    *,
    step: int = 0,
    for_alert: int = 1,
    of: int | None = None,
    protocol: str = PROTOCOL,
) -> Action:
    """Step `step` of brake `number`, decided on alert `for_alert` in the incident that the
    transaction of alert `of` opened (its own by default)."""
    return Action(
        id=content_id("step", number, step),
        action=content_id("action", number),
        step=step,
        state=state,
        chain=CHAIN,
        protocol=protocol,
        incident=incident(for_alert if of is None else of, protocol),
        alert=alert_id(for_alert),
        adapter="pausable",
        target=f"{CHAIN}:0x{number:040x}",
        calldata="0x8456cb59",
        scope="T2",
        reason="pause the pool",
    )


def acknowledgement(number: int, severity: Severity = "high", by: str = "alice") -> Acknowledgement:
    return Acknowledgement(
        id=alert_id(900 + number),
        chain="eip155:1",
        protocol=PROTOCOL,
        incident=incident(number),
        by=by,
        severity=severity,
        words="on it",
    )
