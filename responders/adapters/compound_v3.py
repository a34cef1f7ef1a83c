"""Compound V3's Comet: `pause(supply, transfer, withdraw, absorb, buy)`, by governor or guardian.

The trap: the five flags are set at once, and the same call releases. So what is sent is what is to
be paused together with what is paused already, read right before it is signed, and anew with every
higher fee. The brake's name stays that of the flags that it is for. Between signing and inclusion
somebody may still pause another flag; this call then releases it, and `undone` says so at once.
Through a gate every superset of the flags has to be allowed; none releases what it is for.

A `CometKeeper` of ours as the guardian reads and writes in one transaction: then nothing is ever
released, and the call is always the same.
"""

from itertools import product
from typing import Annotated, Literal

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition, NotNowError
from responders.adapters.calls import called, words
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

Flag = Literal["supply", "transfer", "withdraw", "absorb", "buy"]

FLAGS: dict[Flag, frozenset[Activity]] = {
    "supply": frozenset({Activity.DEPOSIT, Activity.COLLATERAL, Activity.REPAYMENT}),
    "transfer": frozenset({Activity.TRANSFER}),
    "withdraw": frozenset({Activity.WITHDRAWAL, Activity.BORROWING}),
    "absorb": frozenset({Activity.LIQUIDATION}),
    "buy": frozenset({Activity.LIQUIDATION}),
}
"""In the order of `pause`, and of their bits from the lowest (`CometCore.sol`): what each stops.
Repaying is a supply, borrowing a withdrawal; a liquidation absorbs an account, then sells what it
had."""

_TOTALS = called("totalsBasic()")
_TOTALS_LENGTH = 8
"""Of `TotalsBasic`, in words; the last one is the flags (`CometStorage.sol`)."""

Flags = frozenset[str]


class CometPause(Parameters):
    """Which flags to set."""

    flags: Annotated[frozenset[Flag], Field(min_length=1)]
    market: LowerAddress | None = None
    """The market, where the target is the `CometKeeper` that is its guardian."""


class Comet(Family):
    """Sets flags of one market, and leaves alone those that are set."""

    def __init__(self, chain: Chain, deed: Deed, market: str, wanted: Flags) -> None:
        super().__init__(chain, deed)
        self._market = market
        self._wanted = wanted

    def paused(self, block: int | None) -> Flags | None:
        """Return the flags that are set, in one question; None when the market does not tell."""
        totals = words(self.chain, self._market, _TOTALS, block)
        if len(totals) != _TOTALS_LENGTH or totals[-1] >= 1 << len(FLAGS):
            return None
        return frozenset(flag for bit, flag in enumerate(FLAGS) if totals[-1] >> bit & 1)

    def probe(self, block: int) -> Condition:
        """Look whether every flag is set."""
        paused = self.paused(block)
        if paused is None:
            return Condition.UNKNOWN
        return Condition.BRAKED if self._wanted <= paused else Condition.OPEN

    def calldata(self, block: int | None) -> str:
        """Return the call that sets the flags and keeps those that are set; none when these cannot
        be seen, for it might release what it does not know of."""
        paused = self.paused(block)
        if paused is None:
            raise NotNowError(f"{self._market} does not say which of its flags are set")
        return _pause(self._wanted | paused)

    def undone(self, block: int) -> str:
        """Name what was paused in the block before, and is not any more."""
        before, after = self.paused(block - 1), self.paused(block)
        lost = sorted((before or frozenset()) - (after or frozenset()))
        return f"{', '.join(lost)} was paused before: pause it again" if lost else ""


class KeptComet(Comet):
    """Sets flags of one market by its keeper, which adds them to those that are set."""

    def calldata(self, block: int | None) -> str:  # noqa: ARG002 - the keeper looks for itself
        """Return the keeper's call, always the same."""
        return self.deed.calldata


def _pause(flags: Flags) -> str:
    return called("pause(bool,bool,bool,bool,bool)", *(flag in flags for flag in FLAGS))


def build(brake: Brake, chain: Chain) -> Comet:
    """Make the family's brake that a manifest asks for."""
    parameters = told(brake, CometPause)
    wanted: Flags = parameters.flags
    if parameters.market is not None:
        bits = sum(1 << bit for bit, flag in enumerate(FLAGS) if flag in wanted)
        call = called("tighten(address,uint8)", parameters.market, bits)
        release = f"the owner of the keeper {brake.target}, by set(market, flags)"
        return KeptComet(chain, _deed(brake, wanted, (call,), release), parameters.market, wanted)
    others = [flag for flag in FLAGS if flag not in wanted]
    supersets = (
        wanted | {flag for flag, chosen in zip(others, choice, strict=True) if chosen}
        for choice in product((False, True), repeat=len(others))
    )
    release = f"the governor or the pause guardian, by the same pause() of {brake.target}"
    deed = _deed(brake, wanted, tuple(map(_pause, supersets)), release)
    return Comet(chain, deed, brake.target, wanted)


def _deed(brake: Brake, wanted: Flags, calls: tuple[str, ...], release: str) -> Deed:
    names = [flag for flag in FLAGS if flag in wanted]
    return Deed(
        target=brake.target,
        calldata=calls[0],
        variants=calls[1:],
        also_stops=AlsoStops(
            f"{', '.join(names)} of this market, for every user",
            frozenset().union(*(FLAGS[flag] for flag in names)),
        ),
        release=release,
        errors={
            selector("Unauthorized()"): "the caller is neither governor nor pause guardian",
            selector("NotBrake()"): "the keeper is not for this account",
        },
    )
