"""What a responder promises whatever comes, looked at over all that was ever sent, by counting:
nothing of the code under test counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from responders.bucket import Limits as Flow
from schemas.manifest import Limits


class BrokenPromiseError(AssertionError):
    """A sequence did what must never happen."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A brake that reached the chain, and what was known as it was decided."""

    time: int
    scope: str
    target: str
    renewal: bool
    behind: int
    at_risk: bool
    withdrawn: bool
    braked: bool
    asked_at: int | None
    """When the brake that was in place had been asked for."""


def keep(sent: Sequence[Sent], targets: Iterable[str], limits: Limits) -> None:
    """Raise `BrokenPromiseError` where brakes exceed a budget or a cooldown, or the last one had no
    reason."""
    counted = [one for one in sent if not one.renewal]
    narrow, broad = limits.narrow_brakes_per_window, limits.brakes_per_window
    for scope, most in (("T1", broad if narrow is None else narrow), ("T2", broad)):
        times = sorted(one.time for one in counted if one.scope == scope)
        for start in times:
            end = start + limits.window_seconds
            if sum(start <= time < end for time in times) > most:
                raise BrokenPromiseError(f"over the budget of {scope}: {times}")
    for target in targets:
        times = sorted(one.time for one in counted if one.target == target)
        if any(b - a < limits.cooldown_seconds for a, b in pairwise(times)):
            raise BrokenPromiseError(f"within the cooldown: {times}")
    for one in sent[-1:]:
        _had_reason(one, limits)


def _had_reason(one: Sent, limits: Limits) -> None:
    if one.withdrawn:
        raise BrokenPromiseError(f"on what was withdrawn: {one}")
    if one.behind > limits.alert_blocks and not one.at_risk:
        raise BrokenPromiseError(f"on a stale alert: {one}")
    if one.braked and not one.renewal:
        raise BrokenPromiseError(f"braked what was braked: {one}")
    if one.renewal and one.scope != "T1":
        raise BrokenPromiseError(f"renewed what people release: {one}")
    if one.renewal and (one.asked_at is None or one.time <= one.asked_at):
        raise BrokenPromiseError(f"renewed on nothing new: {one}")


def keep_within(flow: Flow, out: Sequence[tuple[int, int]]) -> None:
    """Raise `BrokenPromiseError` where more left in any span than a bucket may let through; `out`
    has when and how much."""
    for at, (began, _) in enumerate(out):
        span = out[-1][0] - began
        if sum(value for _, value in out[at:]) > flow.loss(span):
            raise BrokenPromiseError(f"more than C + r * T left: {out}")
