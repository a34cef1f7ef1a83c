"""Compound's two generations, as contracts of ours: no package has the compiled code of theirs."""

from dataclasses import replace
from typing import Any

from sandbox.evm import ETHER, Call
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

MARKET = "0x" + "c0" * 20
ON, OFF = True, False


def comet(stage: Stage, holder: str) -> Exhibit:
    """A market of V3 with `transfer` paused before, by somebody else."""
    market = stage.deployer.create("CometLike", stage.people.address, holder)
    stage.deployer.settle()
    supply, withdraw, absorb = (
        market.call("supply", MARKET, 1),
        market.call("withdraw", MARKET, 1),
        market.call("absorb", MARKET, []),
    )
    stage.do(stage.people, market.call("pause", OFF, ON, OFF, OFF, OFF))
    return Exhibit(
        brake=Brake(
            name="pause-withdrawals",
            adapter="compound-v3",
            target=market.address,
            parameters={"flags": ["supply", "withdraw"]},
        ),
        stopped=(supply, withdraw),
        going=(absorb,),
        release=(market.call("pause", OFF, ON, OFF, OFF, OFF),),
    )


def kept(stage: Stage, holder: str) -> Exhibit:
    """The same market, with a keeper of ours for its guardian."""
    keeper = stage.deployer.create("CometKeeper", stage.people.address, holder)
    stage.deployer.settle()
    shown = comet(stage, keeper.address)
    market = shown.brake.target
    return replace(
        shown,
        brake=shown.brake.model_copy(
            update={
                "target": keeper.address,
                "parameters": {"flags": ["supply", "withdraw"], "market": market},
            }
        ),
        release=(keeper.call("set", market, 0b00010),),
    )


DOES = ("mint", "borrow", "transfer", "seize", "borrow-cap")


def comptroller(stage: Stage, holder: str, does: str) -> Exhibit:
    """One of the brakes of V2."""
    target = stage.deployer.create("ComptrollerLike", holder)
    stage.deployer.settle()
    user = stage.user.address
    uses = {
        "mint": target.call("mintAllowed", MARKET, user, 1),
        "borrow": target.call("borrowAllowed", MARKET, user, 100 * ETHER),
        "transfer": target.call("transferAllowed", MARKET, user, user, 1),
        "seize": target.call("seizeAllowed", MARKET, MARKET, user, user, 1),
    }
    market: dict[str, Any] = {"market": MARKET}
    found: dict[str, tuple[dict[str, Any], Call]] = {
        "mint": (market, target.call("_setMintPaused", MARKET, OFF)),
        "borrow": (market, target.call("_setBorrowPaused", MARKET, OFF)),
        "transfer": ({}, target.call("_setTransferPaused", OFF)),
        "seize": ({}, target.call("_setSeizePaused", OFF)),
        "borrow-cap": (
            market | {"cap": 50 * ETHER},
            target.call("_setMarketBorrowCaps", [MARKET], [0]),
        ),
    }
    more, release = found[does]
    stopped = uses.pop(does.removesuffix("-cap"))
    return Exhibit(
        brake=Brake(
            name=does,
            adapter="compound-v2",
            target=target.address,
            parameters={"does": does} | more,
        ),
        stopped=(stopped,),
        going=tuple(uses.values()),
        release=(release,),
    )
