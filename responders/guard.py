"""What bounds the automation: budget, cooldown, age. Pure.

Judged on block time and block numbers alone, so that a wrong clock neither frees nor blocks a
brake. The state is explicit and is rebuilt by folding `after` over the journal.
"""

from dataclasses import dataclass, replace

from responders.actions import ENDED
from schemas.actions import Action, Term
from schemas.manifest import Limits
from schemas.units import Seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """A brake that was authorised, and when: the time of the block that called for it.

    `target` is a CAIP-10 name, as in actions.
    """

    action: str
    protocol: str
    target: str
    time: Seconds


@dataclass(frozen=True, slots=True)
class GuardState:
    """Every brake that counts."""

    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """A brake that is asked for: on which target, on an alert of which block, at which head."""

    protocol: str
    target: str
    time: Seconds
    block: int
    head: int


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether the guard lets it pass, and what stands against it in words."""

    allowed: bool
    reason: str
    terms: tuple[Term, ...]


def judge(state: GuardState, request: Request, limits: Limits) -> Ruling:
    """Allow or refuse one brake.

    Guarantees, if every brake that was allowed is folded into the state: no span of
    `limits.window_seconds` holds more than `limits.brakes_per_window` brakes of a protocol, no span
    of `limits.cooldown_seconds` two of one target, whatever the order in which alerts arrive.
    """
    left = brakes_left(state, request.protocol, request.time, limits)
    objection = _objection(state, request, limits, left)
    return Ruling(
        allowed=not objection,
        reason=objection or "within age, budget and cooldown",
        terms=(
            Term(
                name="blocks_behind",
                value=float(max(0, request.head - request.block)),
                unit="blocks",
            ),
            Term(name="brakes_left", value=float(left), unit="brakes"),
        ),
    )


def _objection(state: GuardState, request: Request, limits: Limits, left: int) -> str:
    if too_old(request.block, request.head, limits):
        return f"the alert is more than {limits.alert_blocks} blocks old"
    if left == 0:
        return (
            f"the budget is spent: {limits.brakes_per_window} brakes in {limits.window_seconds} s"
        )
    if any(
        spent.target == request.target and abs(request.time - spent.time) < limits.cooldown_seconds
        for spent in state.spent
        if spent.protocol == request.protocol
    ):
        return f"cooldown: the target was braked within {limits.cooldown_seconds} s"
    return ""


def too_old(block: int, head: int, limits: Limits) -> bool:
    """Say whether an alert of this block no longer justifies a brake."""
    return head - block > limits.alert_blocks


def brakes_left(state: GuardState, protocol: str, time: Seconds, limits: Limits) -> int:
    """Return how many brakes the window around this time still has room for.

    It reaches both ways, because alerts arrive out of order and every window counts.
    """
    used = sum(
        abs(time - spent.time) < limits.window_seconds
        for spent in state.spent
        if spent.protocol == protocol
    )
    return max(0, limits.brakes_per_window - used)


def after(state: GuardState, before: str, step: Action, time: Seconds) -> GuardState:
    """Return the state after a brake went from state `before` to `step.state`.

    `time` is that of the block that called for it. A brake counts from when it is authorised, and
    no longer once it ended without ever having been signed.
    """
    if step.state == "authorised" and before == "proposed":
        spent = Spent(step.action, step.protocol, step.target, time)
        return replace(state, spent=(*state.spent, spent))
    if before == "authorised" and step.state in ENDED:
        return replace(state, spent=_without_last(state.spent, step.action))
    return state


def _without_last(spent: tuple[Spent, ...], action: str) -> tuple[Spent, ...]:
    last = max((i for i, one in enumerate(spent) if one.action == action), default=len(spent))
    return spent[:last] + spent[last + 1 :]
