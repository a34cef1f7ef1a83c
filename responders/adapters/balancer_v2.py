"""Balancer V2: a pool paused, its recovery mode, both in one, the vault paused.

Who may: whoever the Authorizer lets, for each function. A paused pool keeps its users in unless
recovery mode, a plain proportional exit, is on; so the two belong together, and a `BrakeSequence`
makes them one call. The trap: both can be paused only within a window from their creation, and a
pause lapses when the buffer after it ends. After that a brake fails, the start's rehearsal first.
"""

from types import MappingProxyType
from typing import Literal, NamedTuple

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word, words
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

LONGEST = 360 * 86_400
"""Seconds that a pause lasts at most: 270 days of window, 90 of buffer (`TemporarilyPausable`)."""

ERRORS = {
    "BAL#401": "the Authorizer does not let the account do this",
    "BAL#402": "it is paused, and not in recovery mode",
    "BAL#438": "it is in recovery mode",
    selector("NotCaller()"): "the sequence is not for this account",
}
"""`BalancerErrors.sol`, and our sequence's own."""

_PAUSED = called("getPausedState()")
_RECOVERS = called("inRecoveryMode()")


class Kind(NamedTuple):
    """A call, whether it pauses, whether it opens the way out, and what it stops."""

    calldata: str
    pauses: bool
    recovers: bool
    also_stops: AlsoStops


KINDS = MappingProxyType(
    {
        "pause-vault": Kind(
            called("setPaused(bool)", True),  # noqa: FBT003 - the contract's
            pauses=True,
            recovers=False,
            also_stops=AlsoStops(
                "swaps, joins and flash loans of every pool; exits go on",
                frozenset({Activity.TRADING, Activity.DEPOSIT}),
            ),
        ),
        "pause": Kind(
            called("pause()"),
            pauses=True,
            recovers=False,
            also_stops=AlsoStops(
                "swaps and joins of the pool, and every exit without recovery mode",
                frozenset({Activity.TRADING, Activity.DEPOSIT, Activity.WITHDRAWAL}),
            ),
        ),
        "recovery-mode": Kind(
            called("enableRecoveryMode()"),
            pauses=False,
            recovers=True,
            also_stops=AlsoStops("nothing; protocol fees are not taken", frozenset()),
        ),
        "pause-and-recover": Kind(
            called("brake()"),
            pauses=True,
            recovers=True,
            also_stops=AlsoStops(
                "swaps and joins of the pool; proportional exits go on",
                frozenset({Activity.TRADING, Activity.DEPOSIT}),
            ),
        ),
    }
)


class Single(Parameters):
    """One call of the target: the vault, or a pool."""

    does: Literal["pause-vault", "pause", "recovery-mode"]


class Chained(Parameters):
    """Both calls of a pool, by the target: a `BrakeSequence` that makes them."""

    does: Literal["pause-and-recover"]
    pool: LowerAddress


class Balancer(Family):
    """Brakes one pool, or the vault."""

    def __init__(self, chain: Chain, deed: Deed, subject: str, kind: Kind) -> None:
        """`subject`: the pool or the vault that is looked at."""
        super().__init__(chain, deed)
        self._subject = subject
        self._kind = kind

    def probe(self, block: int) -> Condition:
        """Look at all that the brake sets; a pause that has lapsed is none."""
        found = []
        if self._kind.pauses:
            paused = words(self.chain, self._subject, _PAUSED, block)
            found.append(paused[0] if len(paused) == 3 else None)
        if self._kind.recovers:
            found.append(word(self.chain, self._subject, _RECOVERS, block))
        if None in found:
            return Condition.UNKNOWN
        return Condition.BRAKED if all(found) else Condition.OPEN

    def objection(self, block: int) -> str:
        """Say so once the window has ended: a sequence would work in part, and brake nothing."""
        if not self._kind.pauses:
            return ""
        state = words(self.chain, self._subject, _PAUSED, block)
        ended = len(state) == 3 and not state[0] and self.chain.head().timestamp >= state[1]
        return "its pause window has ended: it cannot be paused any more" if ended else ""


def build(brake: Brake, chain: Chain) -> Balancer:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Parameters], ...] = (Single, Chained)
    match told(brake, *models):
        case Chained(does=does, pool=pool):
            return _made(brake, chain, pool, KINDS[does])
        case Single(does=does):
            return _made(brake, chain, brake.target, KINDS[does])
    raise AssertionError("told returns one of the models")


def _made(brake: Brake, chain: Chain, subject: str, kind: Kind) -> Balancer:
    deed = Deed(
        target=brake.target,
        calldata=kind.calldata,
        also_stops=kind.also_stops,
        release=f"whom the Authorizer of {subject} lets unpause it or end its recovery mode",
        lapses_after=LONGEST if kind.pauses else None,
        errors=ERRORS,
    )
    return Balancer(chain, deed, subject, kind)
