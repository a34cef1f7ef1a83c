"""Lido's brakes, which pause for a time, once: a circuit breaker with heartbeats, a gate seal.

A pauser of the circuit breaker (`pause`) may pause each contract once, until its admin registers
it again, and only as long as that very account proves that it lives: an expired heartbeat cannot
be renewed, nor pause. The account is our `PauserSeat`, which the heartbeat process keeps alive and
which the gate, or a responder, pauses through; so it is the target.

A gate seal (`seal`) pauses once in its life, before it expires. A target that is paused already is
left alone, so that it is not spent on one.
"""

from typing import Annotated, Literal

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.adapters.flags import Flagged
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

MAX_SEALED = 8

_ALREADY = frozenset({selector("ResumedExpected()")})
REFUSALS = {
    selector("HeartbeatExpired()"): "no heartbeat came in time; its admin has to register it again",
    selector("SenderNotPauser()"): "spent, or not its pauser; its admin has to register it",
    selector("PauseFailed()"): "the contract was told to pause and did not",
    selector("NotAllowed()"): "the account is not the seat's",
}
"""What a breaker and our seat refuse with, in words."""
_SEAL_ERRORS = {
    "gate seal: expired": "the seal is spent, or has expired; a new one is needed",
    "sender: not SEALING_COMMITTEE": "the account is not the seal's",
}

Seconds = Annotated[int, Field(gt=0, le=10**9)]


class Pause(Parameters):
    """What to pause through a seat."""

    does: Literal["pause"]
    pausable: LowerAddress
    pause_seconds: Seconds
    """The breaker's `pauseDuration`."""
    also_stops: frozenset[Activity] = EVERYTHING


class Seal(Parameters):
    """What to seal."""

    does: Literal["seal"]
    sealables: Annotated[tuple[LowerAddress, ...], Field(min_length=1, max_length=MAX_SEALED)]
    pause_seconds: Seconds
    """The seal's own duration."""
    also_stops: frozenset[Activity] = EVERYTHING


class GateSeal(Family):
    """Seals some contracts, all in one use."""

    def __init__(self, chain: Chain, deed: Deed, sealables: tuple[str, ...]) -> None:
        super().__init__(chain, deed)
        self._sealables = sealables

    def probe(self, block: int) -> Condition:
        """Ask every contract: braked when all are paused; unknown when the seal is none."""
        if word(self.chain, self.deed.target, called("is_expired()"), block) is None:
            return Condition.UNKNOWN
        paused = called("isPaused()")
        found = {Condition.of(word(self.chain, one, paused, block)) for one in self._sealables}
        return found.pop() if len(found) == 1 else Condition.OPEN


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Pause | Seal], ...] = (Pause, Seal)
    parameters = told(brake, *models)
    if isinstance(parameters, Seal):
        return _seal(brake, chain, parameters)
    deed = Deed(
        target=brake.target,
        calldata=called("pause(address)", parameters.pausable),
        also_stops=_paused(parameters.also_stops),
        release=f"the end of its time, or whoever may call resume() on {parameters.pausable}",
        lapses_after=parameters.pause_seconds,
        heartbeat=brake.target,
        errors=REFUSALS,
        already=_ALREADY,
    )
    return Flagged(chain, deed, called("isPaused(address)", parameters.pausable))


def _seal(brake: Brake, chain: Chain, parameters: Seal) -> GateSeal:
    deed = Deed(
        target=brake.target,
        calldata=called("seal(address[])", parameters.sealables),
        also_stops=_paused(parameters.also_stops),
        release="the end of its time, or whoever may call resume() on what is sealed",
        lapses_after=parameters.pause_seconds,
        errors=_SEAL_ERRORS,
        already=_ALREADY,
    )
    return GateSeal(chain, deed, parameters.sealables)


def _paused(activities: frozenset[Activity]) -> AlsoStops:
    return AlsoStops("everything that what is paused guards, for every user", activities)
