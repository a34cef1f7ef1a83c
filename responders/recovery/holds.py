"""On what terms a brake is set: when it lets go by itself, or that only people release it. Pure.

A narrow brake (T1) may be pulled on one detector's word where it lets go by itself. Where the
target can do that, the time is fixed when the brake is set and never moved; a renewal is a new
brake with a time of its own. Where it cannot, only people release, and that takes the evidence of a
broad one.
"""

from dataclasses import dataclass

from responders.adapters.base import Plan, Scope
from schemas.errors import ConfigurationError


class UnboundedBrakeError(ConfigurationError):
    """Do not set this brake: nothing would bound how long it holds."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A brake that is set."""

    scope: Scope
    expires_at: int | None
    """In seconds of block time, fixed when it was set; None: released by people only."""

    @property
    def release(self) -> str:
        """Say who lets go."""
        if self.expires_at is None:
            return "released by people only"
        return f"lets go by itself at {self.expires_at}"

    def expired(self, now: int) -> bool:
        """Say whether it has let go by itself, at this block time."""
        return self.expires_at is not None and now >= self.expires_at


def hold(plan: Plan, evidence: Scope, set_at: int, expires_at: int | None) -> Hold:
    """Return the terms of a brake that is set at this block time.

    `evidence` is the broadest scope that what is known would justify; `expires_at` is None for a
    brake that the target never lets go of.

    Raises `UnboundedBrakeError` for a T1 brake without an expiry where the target can expire, for
    one of people's only without evidence for T2, and for an expiry that the target would not keep.
    """
    if expires_at is None:
        if plan.scope == "T1" and plan.lapses_after is not None:
            raise UnboundedBrakeError("T1 without an expiry, but the target can expire: set one")
        if plan.scope == "T1" and evidence == "T1":
            raise UnboundedBrakeError("released by people only: it needs evidence for T2")
    elif plan.lapses_after is None:
        raise UnboundedBrakeError("the target never lets go by itself: no expiry can be promised")
    elif not set_at < expires_at <= set_at + plan.lapses_after:
        raise UnboundedBrakeError(f"the target lets go within {plan.lapses_after} seconds")
    return Hold(plan.scope, expires_at)
