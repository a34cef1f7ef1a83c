"""Whether the numbers of a decision are those of the alerts that it cites. Pure.

`responders.rederive` takes an action at its word; here its word is held against what was said: the
alerts, as a log or a topic has them, are put together again as the responder did.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose

from responders.concert import place_of, together
from responders.evidence import alerting, families, only_volatility, requested, rules_broken
from responders.linkage import Link, least_among
from schemas.actions import Action
from schemas.alerts import Alert

_ROUNDING = 1e-9
"""Relative; another language may write numbers shorter."""


def differences(action: Action, alerts: Sequence[Alert]) -> Iterator[str]:
    """Say, one sentence each, which number of a decision the alerts do not bear out; nothing when
    all do, or when the alert that it is about is not among them.

    Compared is all that alerts alone tell: who alerted, made from what, how many rules are broken,
    the p-value, the posture, and the least that a linked alert was found among.
    """
    by_id = {alert.id: alert for alert in alerts}
    alert, linked = by_id.get(action.alert), by_id.get(action.linked or "")
    if alert is None or (linked is None) != (action.linked is None):
        return
    others = [by_id[one.alert] for one in action.cites if one.alert in by_id]
    others = [one for one in others if one.id not in (action.alert, action.linked)]
    for one in others:
        if place_of(one) != place_of(alert):
            yield f"alert {one.id[:12]} is not about the transaction of {alert.id[:12]}"
    place = place_of(alert)
    alert = together(alert, [one for one in others if place_of(one) == place])
    seen = alert
    said = {term.name: term.value for term in (*action.terms, *action.further)}
    if linked is not None:
        seen = Link(linked, 1.0).seen_with(alert)
        yield from _too_few(said, alert, linked)
    asked = said.get("requested", 0.0)
    if asked and not requested(alert):
        yield f"requested: the decision says {asked!r}, what it cites asks for nothing"
    for name, told in _told(alert, seen).items():
        if name in said and not isclose(said[name], told, rel_tol=_ROUNDING):
            yield f"{name}: the decision says {said[name]!r}, what it cites {told!r}"


def _told(alert: Alert, seen: Alert) -> Mapping[str, float]:
    """Return what an alert says by itself, and with a linked one."""
    return {
        "pending": float(alert.phase == "pending"),
        "detectors_agreeing": float(len(alerting(seen))),
        "families_agreeing": float(families(seen)),
        "rules_broken": float(rules_broken(alert)),
        "volatility_only": float(only_volatility(alert)),
        "posture_odds": alert.posture.odds if alert.posture is not None else 1.0,
        "p_value": seen.p_value,
    }


def _too_few(said: Mapping[str, float], alert: Alert, linked: Alert) -> Iterator[str]:
    """Say whether a linked alert was found among more than the decision says."""
    least, among = least_among(alert, linked), said.get("looked_among", 0.0)
    if least is None:
        yield f"alert {linked.id[:12]} is not tied to {alert.id[:12]}"
    elif among < least * (1 - _ROUNDING):
        yield f"looked_among: the decision says {among!r}, what it cites at least {least!r}"
