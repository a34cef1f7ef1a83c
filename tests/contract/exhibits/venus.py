"""Venus as its package has it compiled, by an excerpt: comptroller, facets, one market in use.

Its access control is the package's own stand-in, which lets one account do everything.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sandbox.abi import Interface
from sandbox.evm import ETHER, FOREVER, Call, Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

EXCERPT = Path(__file__).parent.parent / "excerpts" / "venus.json"
DOES = ("actions", "supply-cap", "borrow-cap", "protocol")
OFF = False
ADD = 0
"""What a facet's functions are cut for."""


@cache
def _excerpt() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(EXCERPT.read_bytes())["contracts"]
    return found


def _create(stage: Stage, name: str, *arguments: Any) -> Contract:
    one = _excerpt()[name]
    return stage.deployer.create_compiled(Interface(one["abi"]), one["bytecode"], *arguments)


@dataclass(frozen=True, slots=True)
class Venus:
    """Its parts that a brake has to do with."""

    comptroller: Contract
    market: Contract
    access: Contract
    """By which the people may do everything."""


def deployed(stage: Stage) -> Venus:
    """Set it up once per chain: the user has supplied."""
    return stage.once("venus", lambda: _deployed(stage))


def _deployed(stage: Stage) -> Venus:
    people, user = stage.people, stage.user
    unitroller, diamond = _create(stage, "Unitroller"), _create(stage, "Diamond")
    facets = {name: _create(stage, name) for name in ("MarketFacet", "PolicyFacet", "SetterFacet")}
    access = _create(stage, "AccessControlManagerMock", people.address)
    rates = _create(stage, "WhitePaperInterestRateModel", ETHER // 100, ETHER // 10, 2_628_000)
    token = stage.deployer.create("ToyERC20", "Acre", "ACR", 18, 10_000 * ETHER)
    stage.deployer.settle()
    functions = [
        entry
        for name in ("Diamond", *facets)
        for entry in _excerpt()[name]["abi"]
        if entry["type"] == "function"
    ]
    comptroller = Contract(unitroller.address, Interface(functions))
    stage.do(
        people,
        unitroller.call("_setPendingImplementation", diamond.address),
        diamond.call("_become", unitroller.address),
        comptroller.call("diamondCut", _cuts(facets), gas=9_000_000),
        comptroller.call("_setAccessControl", access.address),
    )
    terms = (token.address, comptroller.address, rates.address, ETHER, "vAcre", "vACR", 18)
    market = _create(stage, "VBep20Immutable", *terms, people.address)
    stage.deployer.settle()
    stage.do(
        people,
        comptroller.call("_supportMarket", market.address),
        comptroller.call("_setMarketSupplyCaps", [market.address], [5_000 * ETHER]),
        comptroller.call("_setMarketBorrowCaps", [market.address], [5_000 * ETHER]),
        token.call("transfer", user.address, 10_000 * ETHER),
    )
    stage.do(
        user,
        token.call("approve", market.address, FOREVER),
        market.call("mint", 1_000 * ETHER),
    )
    return Venus(comptroller, market, access)


def _cuts(facets: dict[str, Contract]) -> list[tuple[str, int, list[bytes]]]:
    """Give each function that facets share to the first of them."""
    taken: set[str] = set()
    cuts = []
    for name, facet in facets.items():
        own = [one for one in _excerpt()[name]["selectors"] if one not in taken]
        taken.update(own)
        cuts.append((facet.address, ADD, [bytes.fromhex(one[2:]) for one in own]))
    return cuts


def exhibit(stage: Stage, holder: str, does: str) -> Exhibit:
    """One of the brakes of the market."""
    venus = deployed(stage)
    holders = _create(stage, "AccessControlManagerMock", holder)
    stage.deployer.settle()
    stage.do(stage.people, venus.comptroller.call("_setAccessControl", holders.address))
    mint, redeem, transfer = (
        venus.market.call("mint", ETHER),
        venus.market.call("redeem", ETHER),
        venus.market.call("transfer", stage.stranger.address, ETHER),
    )
    market, back = {"market": venus.market.address}, venus.comptroller.call
    where = [venus.market.address]
    found: dict[str, tuple[dict[str, Any], tuple[Call, ...], tuple[Call, ...], Call]] = {
        "actions": (
            market | {"actions": ["mint", "redeem"]}, (mint, redeem), (transfer,),
            back("_setActionsPaused", where, [0, 1], OFF),
        ),
        "supply-cap": (
            market | {"cap": 0}, (mint,), (redeem, transfer),
            back("_setMarketSupplyCaps", where, [5_000 * ETHER]),
        ),
        "borrow-cap": (
            market | {"cap": 50 * ETHER}, (), (mint, redeem, transfer),
            back("_setMarketBorrowCaps", where, [5_000 * ETHER]),
        ),
        "protocol": ({}, (mint, redeem, transfer), (), back("_setProtocolPaused", OFF)),
    }  # fmt: skip
    more, stopped, going, release = found[does]
    return Exhibit(
        brake=Brake(
            name=does,
            adapter="venus",
            target=venus.comptroller.address,
            parameters={"does": does} | more,
        ),
        stopped=stopped,
        going=going,
        release=(venus.comptroller.call("_setAccessControl", venus.access.address), release),
    )
