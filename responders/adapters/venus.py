"""Venus, a fork of Compound V2: actions of a market, caps, the whole protocol.

Who may: whom the AccessControlManager lets call the very function, whatever its arguments; so it is
symmetric, and a responder should come through a gate. The traps: here a cap of 0 means that nothing
is let in, in Compound that there is no cap; and what Compound keeps in four flags is a list here.
Who liquidates repays, so a pause of repayments stops liquidations too.
"""

from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.caps import Capped, Ceiling, Zero
from responders.adapters.family import Deed, Family, told
from responders.adapters.flags import Flagged
from responders.chain import Call, Chain
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

Action = Literal[
    "mint", "redeem", "borrow", "repay", "seize", "liquidate", "transfer", "enter-market",
    "exit-market",
]  # fmt: skip

ACTIONS: MappingProxyType[Action, frozenset[Activity]] = MappingProxyType(
    {
        "mint": frozenset({Activity.DEPOSIT, Activity.COLLATERAL}),
        "redeem": frozenset({Activity.WITHDRAWAL}),
        "borrow": frozenset({Activity.BORROWING}),
        "repay": frozenset({Activity.REPAYMENT, Activity.LIQUIDATION}),
        "seize": frozenset({Activity.LIQUIDATION}),
        "liquidate": frozenset({Activity.LIQUIDATION}),
        "transfer": frozenset({Activity.TRANSFER}),
        "enter-market": frozenset({Activity.COLLATERAL}),
        "exit-market": frozenset({Activity.WITHDRAWAL}),
    }
)
"""In the order of `ComptrollerInterface.Action`: what each is for users."""

CAPS = MappingProxyType(
    {
        "supply-cap": (
            "_setMarketSupplyCaps(address[],uint256[])",
            "supplyCaps(address)",
            AlsoStops("supplying more than the cap", ACTIONS["mint"]),
        ),
        "borrow-cap": (
            "_setMarketBorrowCaps(address[],uint256[])",
            "borrowCaps(address)",
            AlsoStops("borrowing more than the cap", ACTIONS["borrow"]),
        ),
    }
)

_ON = True
REFUSALS = {"access denied": "the AccessControlManager does not let the account call this"}


class ActionPause(Parameters):
    """Some actions of one market are paused."""

    does: Literal["actions"]
    market: LowerAddress
    actions: Annotated[frozenset[Action], Field(min_length=1)]


class MarketCap(Parameters):
    """One market takes in, or lends, no more than so much in all."""

    does: Literal["supply-cap", "borrow-cap"]
    market: LowerAddress
    cap: Annotated[int, Field(ge=0, lt=2**256)]
    """In the asset's smallest unit; 0 lets nothing in."""


class ProtocolPause(Parameters):
    """Every market is paused."""

    does: Literal["protocol"]


class Actions(Family):
    """Pauses actions of one market; others' pauses stay as they are."""

    def __init__(self, chain: Chain, deed: Deed, questions: tuple[str, ...]) -> None:
        super().__init__(chain, deed)
        self._questions = questions

    def probe(self, block: int) -> Condition:
        """Look whether each is paused."""
        found = [word(self.chain, self.deed.target, asked, block) for asked in self._questions]
        if None in found:
            return Condition.UNKNOWN
        return Condition.BRAKED if all(found) else Condition.OPEN


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Parameters], ...] = (ActionPause, MarketCap, ProtocolPause)
    match told(brake, *models):
        case ActionPause(market=market, actions=actions):
            return _actions(brake, chain, market, actions)
        case MarketCap(does=does, market=market, cap=cap):
            signature, question, also_stops = CAPS[does]

            def setting(cap: int) -> str:
                return called(signature, [market], [cap])

            asked = Call(brake.target, called(question, market))
            deed = _deed(brake, setting(cap), also_stops)
            return Capped(chain, deed, Ceiling(cap, asked, Zero.CLOSED), setting)
        case ProtocolPause():
            stopped = AlsoStops(
                "every action of every market, but for what counts as collateral",
                frozenset().union(*ACTIONS.values()),
            )
            deed = _deed(brake, called("_setProtocolPaused(bool)", _ON), stopped)
            return Flagged(chain, deed, called("protocolPaused()"))
    raise AssertionError("told returns one of the models")


def _actions(brake: Brake, chain: Chain, market: str, actions: frozenset[str]) -> Actions:
    chosen = [(number, name) for number, name in enumerate(ACTIONS) if name in actions]
    numbers, names = [number for number, _ in chosen], [name for _, name in chosen]
    signature = "_setActionsPaused(address[],uint8[],bool)"
    stopped = frozenset[Activity]().union(*(ACTIONS[name] for name in names))
    deed = _deed(
        brake,
        called(signature, [market], numbers, _ON),
        AlsoStops(f"{', '.join(names)} in this market, for every user", stopped),
    )
    questions = (called("actionPaused(address,uint8)", market, number) for number in numbers)
    return Actions(chain, deed, tuple(questions))


def _deed(brake: Brake, calldata: str, also_stops: AlsoStops) -> Deed:
    return Deed(
        target=brake.target,
        calldata=calldata,
        also_stops=also_stops,
        release=f"whom the AccessControlManager of {brake.target} lets call the same function",
        errors=REFUSALS,
    )
