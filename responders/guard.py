"""What bounds the automation: budget, cooldown, age. Pure.

Judged on block time and block numbers alone, so that a wrong clock neither frees nor blocks a
brake. The state is explicit and is rebuilt by folding `after` over the journal.
"""

from dataclasses import dataclass, replace

from responders.actions import ENDED, LEFT, unprompted
from responders.healing import renews
from responders.inputs import Inputs, Scope
from schemas.actions import Action
from schemas.manifest import Limits
from schemas.units import Seconds

SPENT = "the budget is spent: no brake of this rung is left in this window"
SCOPES: tuple[Scope, ...] = ("T1", "T2")
"""Rungs that the automation pulls; each has a budget of its own."""


@dataclass(frozen=True, slots=True)
class Spent:
    """A brake that was authorised, and when: the time of the block that called for it.

    `target` is a CAIP-10 name, as in actions.
    """

    action: str
    protocol: str
    target: str
    time: Seconds
    scope: Scope = "T2"
    calldata: str = ""


@dataclass(frozen=True, slots=True)
class GuardState:
    """Every brake that counts."""

    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A brake that is asked for: on which target, on an alert of which time, on which rung."""

    protocol: str
    target: str
    time: Seconds
    scope: Scope = "T2"
    own: str | None = None
    """Its calldata, where it says what it guards: only the same brake's cooldown keeps it back. Or
    who strikes one of two contracts would have to touch the other one first, whose brake has the
    same target."""


def objection(given: Inputs) -> str:
    """Return why these inputs do not allow a brake, '' when they do.

    Guarantees, if every brake that was allowed is folded into the state, renewals and what is
    pulled on no alert aside: no span of
    `limits.window_seconds` holds more broad brakes (T2) of a protocol than
    `limits.brakes_per_window`, nor more narrow ones (T1) than their own number, so that whoever has
    narrow ones pulled for nothing leaves the broad ones' budget untouched; no span of
    `limits.cooldown_seconds` two of one target (one call, where the second says what it guards),
    whatever the order in which alerts arrive.
    """
    if given.blocks_behind > given.alert_blocks and not given.still_at_risk:
        old = f"the alert is more than {given.alert_blocks:.0f} blocks old"
        if given.still_at_risk is None:
            return f"{old}, and whether value is at risk still could not be simulated"
        return f"{old}, and a simulation at the head shows no value at risk any more"
    if given.renewal:
        return ""
    if given.brakes_left <= 0:
        return SPENT
    if given.cooldown_left > 0:
        return "cooldown: the target was braked lately"
    return ""


def cooldown_left(state: GuardState, request: Request, limits: Limits) -> Seconds:
    """Return how far the request lies within the cooldown of its target's brakes, before or after
    them; 0 outside of all."""
    return max(
        (
            limits.cooldown_seconds - abs(request.time - spent.time)
            for spent in state.spent
            if spent.protocol == request.protocol
            and spent.target == request.target
            and request.own in (None, spent.calldata)
            and abs(request.time - spent.time) < limits.cooldown_seconds
        ),
        default=0,
    )


def too_old(block: int, head: int, limits: Limits) -> bool:
    """Say whether an alert of this block justifies a brake only after a look at the head."""
    return head - block > limits.alert_blocks


def brakes_left(state: GuardState, request: Request, limits: Limits) -> int:
    """Return how many brakes of its rung the window around a request still has room for.

    It reaches both ways, because alerts arrive out of order and every window counts.
    """
    used = sum(
        abs(request.time - spent.time) < limits.window_seconds
        for spent in state.spent
        if spent.protocol == request.protocol and spent.scope == request.scope
    )
    narrow = limits.narrow_brakes_per_window if request.scope == "T1" else None
    room = limits.brakes_per_window if narrow is None else narrow
    return max(0, room - used)


def after(state: GuardState, before: str, step: Action, time: Seconds) -> GuardState:
    """Return the state after a brake went from state `before` to `step.state`.

    `time` is that of the block that called for it. A brake counts from when it is authorised, and
    no longer once it ended without ever having been signed, or was left by a replica that is gone:
    who takes over counts it when it is authorised again. A renewal does not count, nor does what
    was pulled on no alert (`responders.tightening`), or whoever moves what is held could use up
    what is kept for attacks. Where this operator gave its word, others may have pulled it:
    `satisfied` counts, and any other end comes only after the word ran out.
    """
    if step.state == "authorised" and (renews(step) or unprompted(step)):
        return state
    if step.state == "authorised" and before == "proposed":
        spent = Spent(step.action, step.protocol, step.target, time, step.scope, step.calldata)
        return replace(state, spent=(*state.spent, spent))
    unsigned = before == "authorised" or (before == "consented" and step.state != "satisfied")
    left = before in LEFT and step.state == "refused"
    if left or (unsigned and step.state in ENDED):
        return replace(state, spent=_without_last(state.spent, step.action))
    return state


def _without_last(spent: tuple[Spent, ...], action: str) -> tuple[Spent, ...]:
    last = max((i for i, one in enumerate(spent) if one.action == action), default=len(spent))
    return spent[:last] + spent[last + 1 :]
