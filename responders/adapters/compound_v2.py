"""Compound V2's Comptroller: minting, borrowing, transfers, seizing paused; a borrow cap lowered.

Who may: the pause guardian, who can only pause; the borrow-cap guardian. The admin alone releases.
The trap: a borrow cap of 0 is no cap. The Comptroller is a proxy (Unitroller): it is the target.
"""

from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from responders.adapters.base import AlsoStops
from responders.adapters.calls import called
from responders.adapters.caps import Capped, Ceiling, Zero
from responders.adapters.family import Deed, Family, told
from responders.adapters.flags import Flagged
from responders.chain import Call, Chain
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

REFUSALS = {
    "only pause guardian and admin can pause": "the account is neither pause guardian nor admin",
    "only admin or borrow cap guardian can set borrow caps": (
        "the account is neither borrow-cap guardian nor admin"
    ),
}
_ON = True


class Kind(NamedTuple):
    """A call that pauses, how it is seen, and what it stops."""

    signature: str
    question: str
    also_stops: AlsoStops


KINDS = MappingProxyType(
    {
        "mint": Kind(
            "_setMintPaused(address,bool)",
            "mintGuardianPaused(address)",
            AlsoStops(
                "supplying to the market, also as collateral",
                frozenset({Activity.DEPOSIT, Activity.COLLATERAL}),
            ),
        ),
        "borrow": Kind(
            "_setBorrowPaused(address,bool)",
            "borrowGuardianPaused(address)",
            AlsoStops("borrowing from the market", frozenset({Activity.BORROWING})),
        ),
        "transfer": Kind(
            "_setTransferPaused(bool)",
            "transferGuardianPaused()",
            AlsoStops(
                "moving what was supplied to another account, in every market",
                frozenset({Activity.TRANSFER}),
            ),
        ),
        "seize": Kind(
            "_setSeizePaused(bool)",
            "seizeGuardianPaused()",
            AlsoStops("every liquidation, in every market", frozenset({Activity.LIQUIDATION})),
        ),
    }
)


class MarketPause(Parameters):
    """One market takes nothing in, or lends nothing."""

    does: Literal["mint", "borrow"]
    market: LowerAddress


class ProtocolPause(Parameters):
    """Every market is without transfers, or without liquidations."""

    does: Literal["transfer", "seize"]


class BorrowCap(Parameters):
    """One market lends no more than so much in all."""

    does: Literal["borrow-cap"]
    market: LowerAddress
    cap: Annotated[int, Field(ge=1, lt=2**256)]
    """In the asset's smallest unit."""


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Parameters], ...] = (MarketPause, ProtocolPause, BorrowCap)
    match told(brake, *models):
        case MarketPause(does=does, market=market):
            return _guarded(brake, chain, KINDS[does], market)
        case ProtocolPause(does=does):
            return _guarded(brake, chain, KINDS[does])
        case BorrowCap(market=market, cap=cap):

            def setting(cap: int) -> str:
                return called("_setMarketBorrowCaps(address[],uint256[])", [market], [cap])

            return Capped(
                chain,
                _deed(
                    brake,
                    setting(cap),
                    AlsoStops("borrowing more than the cap", frozenset({Activity.BORROWING})),
                ),
                Ceiling(
                    cap,
                    Call(brake.target, called("borrowCaps(address)", market)),
                    Zero.UNLIMITED,
                ),
                setting,
            )
    raise AssertionError("told returns one of the models")


def _guarded(brake: Brake, chain: Chain, kind: Kind, *market: str) -> Flagged:
    deed = _deed(brake, called(kind.signature, *market, _ON), kind.also_stops)
    return Flagged(chain, deed, called(kind.question, *market))


def _deed(brake: Brake, calldata: str, also_stops: AlsoStops) -> Deed:
    return Deed(
        target=brake.target,
        calldata=calldata,
        also_stops=also_stops,
        release=f"the admin of {brake.target}, by the same function",
        errors=REFUSALS,
    )
