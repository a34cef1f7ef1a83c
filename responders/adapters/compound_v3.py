"""Compound V3's Comet: `pause(supply, transfer, withdraw, absorb, buy)`, by governor or guardian.

The trap: the five flags are set at once, and the same call releases. So what is sent is what is to
be paused together with what is paused already, read right before it is signed, and anew with every
higher fee. The brake's name stays that of the flags that it is for. Between signing and inclusion
somebody may still pause another flag; this call then releases it, and `undone` says so at once.
Through a gate every superset of the flags has to be allowed; none releases what it is for.
"""

from itertools import product
from typing import Annotated, Literal

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition, NotNowError
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters

Flag = Literal["supply", "transfer", "withdraw", "absorb", "buy"]

FLAGS: dict[Flag, tuple[str, frozenset[Activity]]] = {
    "supply": (
        "isSupplyPaused()",
        frozenset({Activity.DEPOSIT, Activity.COLLATERAL, Activity.REPAYMENT}),
    ),
    "transfer": ("isTransferPaused()", frozenset({Activity.TRANSFER})),
    "withdraw": ("isWithdrawPaused()", frozenset({Activity.WITHDRAWAL, Activity.BORROWING})),
    "absorb": ("isAbsorbPaused()", frozenset({Activity.LIQUIDATION})),
    "buy": ("isBuyPaused()", frozenset({Activity.LIQUIDATION})),
}
"""In the order of `pause`: how each is read, and what it stops. Repaying is a supply, borrowing a
withdrawal; a liquidation absorbs an account and then sells what it had."""

Flags = frozenset[str]


class CometPause(Parameters):
    """Which flags to set."""

    flags: Annotated[frozenset[Flag], Field(min_length=1)]


class Comet(Family):
    """Sets flags of one market, and leaves alone those that are set."""

    def __init__(self, chain: Chain, deed: Deed, wanted: Flags) -> None:
        super().__init__(chain, deed)
        self._wanted = wanted

    def paused(self, block: int | None) -> Flags | None:
        """Return the flags that are set, None when the market does not tell of each."""
        found = {
            flag: word(self.chain, self.deed.target, called(question), block)
            for flag, (question, _) in FLAGS.items()
        }
        if None in found.values():
            return None
        return frozenset(flag for flag, value in found.items() if value)

    def probe(self, block: int) -> Condition:
        """Look whether every flag is set."""
        paused = self.paused(block)
        if paused is None:
            return Condition.UNKNOWN
        return Condition.BRAKED if self._wanted <= paused else Condition.OPEN

    def objection(self, block: int) -> str:
        """Send nothing that could release what cannot be seen."""
        seen = self.paused(block) is not None
        return "" if seen else "the market does not say what is paused: pausing might release"

    def calldata(self, block: int | None) -> str:
        """Return the call that sets the flags and keeps those that are set."""
        paused = self.paused(block)
        if paused is None:
            raise NotNowError(f"{self.deed.target} does not say which of its flags are set")
        return _pause(self._wanted | paused)

    def undone(self, block: int) -> str:
        """Name what was paused in the block before, and is not any more."""
        before, after = self.paused(block - 1), self.paused(block)
        lost = sorted((before or frozenset()) - (after or frozenset()))
        return f"{', '.join(lost)} was paused before: pause it again" if lost else ""


def _pause(flags: Flags) -> str:
    return called("pause(bool,bool,bool,bool,bool)", *(flag in flags for flag in FLAGS))


def build(brake: Brake, chain: Chain) -> Comet:
    """Make the family's brake that a manifest asks for."""
    wanted: Flags = told(brake, CometPause).flags
    names = [flag for flag in FLAGS if flag in wanted]
    others = [flag for flag in FLAGS if flag not in wanted]
    supersets = (
        wanted | {flag for flag, chosen in zip(others, choice, strict=True) if chosen}
        for choice in product((False, True), repeat=len(others))
    )
    calls = tuple(map(_pause, supersets))
    deed = Deed(
        target=brake.target,
        calldata=calls[0],
        variants=calls[1:],
        also_stops=AlsoStops(
            f"{', '.join(names)} of this market, for every user",
            frozenset().union(*(FLAGS[flag][1] for flag in names)),
        ),
        release=f"the governor or the pause guardian, by the same pause() of {brake.target}",
        errors={selector("Unauthorized()"): "the account is neither governor nor pause guardian"},
    )
    return Comet(chain, deed, wanted)
