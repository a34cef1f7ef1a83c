"""Synthetix' SystemStatus: single synths, their exchange, single futures markets, by their keys.

Suspending and resuming are rights apart there (`accessControl`): the gate gets the first alone, so
that nothing it is told can release. Suspending again overwrites the reason; what is suspended is
left alone. Reason 1 says "upgrade" to whoever reads it: no brake gives that one.
"""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, words
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters

MAX_KEYS = 16
_REFUSED = "Restricted to access control list"


def _key(text: str) -> str:
    encoded = text.encode()
    if not 0 < len(encoded) <= 32:
        raise ValueError("a key has 1 to 32 bytes")
    return text


class _Section(NamedTuple):
    suspend: str
    look: str
    also_stops: AlsoStops


_SECTIONS = {
    "synth-exchange": _Section(
        "suspendSynthsExchange(bytes32[],uint256)",
        "getSynthExchangeSuspensions(bytes32[])",
        AlsoStops("exchanging from and to these synths", frozenset({Activity.TRADING})),
    ),
    "synth": _Section(
        "suspendSynths(bytes32[],uint256)",
        "getSynthSuspensions(bytes32[])",
        AlsoStops(
            "exchanging, transferring, issuing and burning these synths",
            frozenset(
                {Activity.TRADING, Activity.TRANSFER, Activity.BORROWING, Activity.REPAYMENT}
            ),
        ),
    ),
    "futures-market": _Section(
        "suspendFuturesMarkets(bytes32[],uint256)",
        "getFuturesMarketSuspensions(bytes32[])",
        AlsoStops(
            "everything on these markets: positions, margin, and liquidation in most versions",
            frozenset(
                {
                    Activity.TRADING,
                    Activity.COLLATERAL,
                    Activity.WITHDRAWAL,
                    Activity.LIQUIDATION,
                }
            ),
        ),
    ),
}


class Suspension(Parameters):
    """What to suspend."""

    does: Literal["synth-exchange", "synth", "futures-market"]
    keys: Annotated[
        tuple[Annotated[str, AfterValidator(_key)], ...], Field(min_length=1, max_length=MAX_KEYS)
    ]
    """As text, such as `sETH`; a market's is not always its asset's. All are suspended in one call:
    the two sides of a pair, say."""
    reason: Annotated[int, Field(ge=2, lt=2**248)] = 2
    """A number that the protocol gives a meaning; 2 is its "market closure"."""


class Synthetix(Family):
    """Suspends some keys of one section."""

    def __init__(self, chain: Chain, deed: Deed, question: str, count: int) -> None:
        super().__init__(chain, deed)
        self._question = question
        self._count = count

    def probe(self, block: int) -> Condition:
        """Ask for these keys' suspensions: braked when all of them are."""
        answer = words(self.chain, self.deed.target, self._question, block)
        length = self._count
        # Two arrays: where each begins, then each with its length before it.
        if len(answer) != 4 + 2 * length or (answer[0], answer[2]) != (64, length):
            return Condition.UNKNOWN
        return Condition.of(min(answer[3 : 3 + length]))


def build(brake: Brake, chain: Chain) -> Synthetix:
    """Make the family's brake that a manifest asks for."""
    parameters = told(brake, Suspension)
    section = _SECTIONS[parameters.does]
    keys = [key.encode().ljust(32, b"\0") for key in parameters.keys]
    deed = Deed(
        target=brake.target,
        calldata=called(section.suspend, keys, parameters.reason),
        also_stops=section.also_stops,
        release=f"whoever {brake.target} lets resume this section",
        errors={_REFUSED: "the account may not suspend this section"},
    )
    return Synthetix(chain, deed, called(section.look, keys), len(keys))
