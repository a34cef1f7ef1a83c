"""Aave V3's PoolConfigurator: a reserve paused or frozen, a cap lowered, an LTV taken, all paused.

Who may: the emergency admin pauses; the risk admin freezes, and sets caps and LTV; the pool admin
does both, save `setPoolPause`. All of it is symmetric: who can brake can release, so a responder
should hold such a role only through a gate. From V3.1 on, freezing a frozen reserve reverts; then
the probe tells that it is frozen.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import Field, model_validator

from responders.adapters.aave_reserves import (
    BASIS,
    BORROW_CAP,
    CAP,
    FROZEN,
    PAUSED,
    SUPPLY_CAP,
    CappedReserve,
    Pool,
    Reserve,
    ReserveWithoutLtv,
)
from responders.adapters.base import AlsoStops
from responders.adapters.calls import called
from responders.adapters.family import Deed, Family, told
from responders.chain import Chain
from schemas.activities import Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import LowerAddress

ERRORS = {
    "1": "the account is not a pool admin",
    "2": "the account is not an emergency admin",
    "3": "the account is neither pool nor emergency admin",
    "4": "the account is neither risk nor pool admin",
}
"""`Errors.sol`."""

GRACE = 4 * 3600
"""The longest in seconds that borrowers may be spared liquidation after a release from a pause
(`PoolConfigurator.MAX_GRACE_PERIOD`, from V3.1 on)."""

POOL_GAS = 3_000_000
"""For as many reserves as a pool may have, with what each costs (20,000) rounded up."""

_ON = True


class Kind(NamedTuple):
    """A call of the configurator, and the part of the configuration that it sets."""

    signature: str
    bit: int
    """Where that part begins."""
    also_stops: AlsoStops


PAUSE = Kind(
    "setReservePause(address,bool)",  # without a grace period: the form that every version has
    PAUSED,
    AlsoStops(
        "every use of the asset, its liquidation and repayment included",
        frozenset(Activity) - {Activity.TRADING, Activity.GOVERNANCE},
    ),
)
KINDS = MappingProxyType(
    {
        "pause": PAUSE,
        "freeze": Kind(
            "setReserveFreeze(address,bool)",
            FROZEN,
            AlsoStops(
                "supplying the asset, also as collateral, and borrowing it",
                frozenset({Activity.DEPOSIT, Activity.BORROWING, Activity.COLLATERAL}),
            ),
        ),
        "supply-cap": Kind(
            "setSupplyCap(address,uint256)",
            SUPPLY_CAP,
            AlsoStops(
                "supplying more than the cap, also as collateral",
                frozenset({Activity.DEPOSIT, Activity.COLLATERAL}),
            ),
        ),
        "borrow-cap": Kind(
            "setBorrowCap(address,uint256)",
            BORROW_CAP,
            AlsoStops("borrowing more than the cap", frozenset({Activity.BORROWING})),
        ),
        "ltv-zero": Kind(
            "setReserveLtvzero(address,bool)",
            0,
            AlsoStops(
                "borrowing against the asset; whoever has it as collateral withdraws it first",
                frozenset({Activity.BORROWING, Activity.WITHDRAWAL, Activity.TRANSFER}),
            ),
        ),
    }
)


class PoolPause(Parameters):
    """Every reserve is paused."""

    does: Literal["pause-pool"]
    pool: LowerAddress
    """The pool whose configurator the target is."""


class ReserveFlag(Parameters):
    """One reserve is paused or frozen."""

    does: Literal["pause", "freeze"]
    pool: LowerAddress
    asset: LowerAddress


class ReserveCap(Parameters):
    """One reserve's cap is lowered. The trap: 0 is no cap at all."""

    does: Literal["supply-cap", "borrow-cap"]
    pool: LowerAddress
    asset: LowerAddress
    cap: Annotated[int, Field(ge=1, le=CAP)]
    """In whole tokens."""


class ReserveLtv(Parameters):
    """One reserve's LTV becomes 0. V3.0 has no call for that alone: there the threshold and the
    bonus are set along, and a manifest states both, so that the brake moves neither."""

    does: Literal["ltv-zero"]
    pool: LowerAddress
    asset: LowerAddress
    liquidation_threshold: Annotated[int, Field(ge=1, le=BASIS)] | None = None
    """In hundredths of a percent, like the bonus."""
    liquidation_bonus: Annotated[int, Field(ge=1, le=BASIS)] | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.liquidation_threshold is None) != (self.liquidation_bonus is None):
            raise ValueError("liquidation_threshold and liquidation_bonus: give both or none")
        return self

    @property
    def terms(self) -> tuple[int, int] | None:
        """Threshold and bonus, None where the call leaves them alone."""
        if self.liquidation_threshold is None or self.liquidation_bonus is None:
            return None
        return self.liquidation_threshold, self.liquidation_bonus

    @property
    def calldata(self) -> str:
        """The call of newer versions, or that of V3.0."""
        if self.terms is None:
            return called(KINDS["ltv-zero"].signature, self.asset, _ON)
        signature = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
        return called(signature, self.asset, 0, *self.terms)


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Parameters], ...] = (PoolPause, ReserveFlag, ReserveCap, ReserveLtv)
    match told(brake, *models):
        case PoolPause(pool=pool):
            deed = _deed(brake, PAUSE, called("setPoolPause(bool)", _ON))
            release = _spared(deed, f"setPoolPause(false, {GRACE})")
            return Pool(chain, replace(deed, gas=POOL_GAS, release=release), pool)
        case ReserveFlag(does=does, pool=pool, asset=asset):
            kind = KINDS[does]
            deed = _deed(brake, kind, called(kind.signature, asset, _ON))
            if does == "pause":
                release = _spared(deed, f"setReservePause({asset}, false, {GRACE})")
                deed = replace(deed, release=release)
            return Reserve(chain, deed, pool, asset, kind.bit)
        case ReserveCap(does=does, pool=pool, asset=asset, cap=cap):
            kind = KINDS[does]

            def made(cap: int) -> Deed:
                return _deed(brake, kind, called(kind.signature, asset, cap))

            return CappedReserve(chain, pool, asset, kind.bit, cap, made)
        case ReserveLtv(pool=pool, asset=asset) as ltv:
            deed = _deed(brake, KINDS["ltv-zero"], ltv.calldata)
            return ReserveWithoutLtv(chain, deed, pool, asset, ltv.terms)
    raise AssertionError("told returns one of the models")


def _spared(deed: Deed, call: str) -> str:
    return (
        f"{deed.release}; from V3.1 on with a grace of up to {GRACE // 3600} hours, as in {call}: "
        f"without it whoever could not repay meanwhile is liquidated at once"
    )


def _deed(brake: Brake, kind: Kind, calldata: str) -> Deed:
    return Deed(
        target=brake.target,
        calldata=calldata,
        also_stops=kind.also_stops,
        release=f"Aave's admins, by the same function of {brake.target}",
        errors=ERRORS,
    )
