"""The steps of a brake: which may follow which, and how one becomes the next. Pure.

    proposed -> authorised -> nonce-reserved -> signed -> broadcast -> included -> final
                        |       ^                 ^___________|  ^________|  reorged: sent again
                        consented, where operators have to agree
                        drafted -> submitted, where a Safe's owners are asked
An ended brake opens again, as `proposed`, when a new alert of its incident calls for it; only
`final` is for ever.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypedDict

import msgspec

from responders.inputs import NOTHING, Beside, words
from responders.levers import Lever
from schemas.actions import MOST_TERMS, Action, Term
from schemas.alerts import Alert, Severity
from schemas.ids import content_id
from schemas.units import Height, Seconds

NEXT: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {
        "proposed": frozenset({"refused", "rehearsed", "authorised", "satisfied", "failed"}),
        "authorised": frozenset(
            {"refused", "satisfied", "failed", "consented", "nonce-reserved", "drafted"}
        ),
        "drafted": frozenset({"submitted", "refused", "satisfied", "failed"}),
        "submitted": frozenset({"drafted", "satisfied", "failed", "refused"}),
        "consented": frozenset({"consented", "refused", "satisfied", "failed", "nonce-reserved"}),
        "nonce-reserved": frozenset({"signed", "refused"}),
        "signed": frozenset({"signed", "broadcast", "refused"}),
        "broadcast": frozenset({"broadcast", "signed", "included", "authorised", "refused"}),
        "included": frozenset({"final", "satisfied", "failed", "reorged", "refused"}),
        "reorged": frozenset({"broadcast", "refused"}),
        "refused": frozenset({"proposed"}),
        "rehearsed": frozenset({"proposed"}),
        "satisfied": frozenset({"proposed"}),
        "failed": frozenset({"proposed"}),
        "final": frozenset(),
    }
)
"""From `broadcast` to itself: from a relay to everybody; from `consented`: a yes for another round,
or for longer. Back: to `signed` with a higher fee and
the same nonce; to `authorised` once another transaction has consumed the nonce, at finality. To
`refused` from where it has a nonce: only by a replica that takes over, whose nonce it is not."""

LEFT = frozenset({"submitted", "nonce-reserved", "signed", "broadcast", "included", "reorged"})
"""Refused from here, a brake was left by a replica that is gone, and is judged again."""

ENDED = frozenset({"refused", "rehearsed", "satisfied", "failed", "final"})

_LONGEST_REASON = 500


def step_id(action: str, step: int, state: str) -> str:
    """Name one step of one brake; the same after every restart."""
    return content_id("action-step", action, step, state)


def follow(action: Action, state: str, reason: str, **changes: Any) -> Action:
    """Return the next step of a brake.

    What was known stays known unless `changes` says otherwise; terms, and what was decided on
    beside them, belong to their step alone.
    Raises `ValueError` for a step that may not follow: a mistake in our own code.
    """
    if state not in NEXT[action.state]:
        raise ValueError(f"{action.action}: {state} may not follow {action.state}")
    number = action.step + 1
    known: dict[str, Any] = (
        {"heard": None, "reach": None} | changes | dict(told(changes.get("terms", ())))
    )
    return msgspec.structs.replace(
        action,
        id=step_id(action.action, number, state),
        step=number,
        state=state,
        reason=reason[:_LONGEST_REASON],
        **known,
    )


class Room(TypedDict):
    """Where in an action terms stand."""

    terms: tuple[Term, ...]
    further: tuple[Term, ...]


def told(terms: tuple[Term, ...]) -> Room:
    """Return terms as an action has room for them."""
    return Room(terms=terms[:MOST_TERMS], further=terms[MOST_TERMS:])


@dataclass(frozen=True, slots=True)
class Ground:
    """What a brake is pulled on where that is no alert."""

    id: str
    """Names the incident too: there is nothing else to it."""
    chain: str
    protocol: str
    block: Height
    timestamp: Seconds
    """Of that block."""
    summary: str
    severity: Severity | None = None


def unprompted(action: Action) -> bool:
    """Say whether a brake was pulled on no alert."""
    return action.alert == action.incident


def proposed(
    name: str,
    lever: Lever,
    incident: str,
    alert: Alert | Ground,
    terms: tuple[Term, ...],
    beside: Beside,
) -> Action:
    """Return the first step of a brake, called `name`."""
    plan = lever.adapter.plan()
    return Action(
        id=step_id(name, 0, "proposed"),
        action=name,
        step=0,
        state="proposed",
        chain=alert.chain,
        protocol=alert.protocol,
        incident=incident,
        alert=alert.id,
        alert_block=alert.block,
        alert_time=alert.timestamp,
        linked=beside.linked,
        adapter=lever.brake.adapter,
        target=lever.target,
        calldata=plan.calldata,
        scope=plan.scope,
        reason=alert.summary,
        **told(terms),
        heard=beside.heard,
        reach=beside.reach,
        severity=alert.severity,
        also_stops=words(lever.also_stops),
    )


def reopened(
    action: Action, alert: Alert | Ground, terms: tuple[Term, ...], beside: Beside = NOTHING
) -> Action:
    """Return the step that proposes an ended brake again, on another alert, or on its ground."""
    return follow(
        action,
        "proposed",
        alert.summary,
        alert=alert.id,
        alert_block=alert.block,
        alert_time=alert.timestamp,
        linked=beside.linked,
        terms=terms,
        heard=beside.heard,
        reach=beside.reach,
        severity=alert.severity,
        tx="",
        nonce=None,
        fee=None,
        block=None,
        block_hash="",
    )
