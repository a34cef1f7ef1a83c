"""Venus as its package has it compiled, by an excerpt: comptroller, facets, lens, a market.

Its access control is the package's own stand-in, which lets one account do everything; its oracle
is ours (`BoundedOracleLike`).
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from sandbox.abi import Interface
from sandbox.deployer import Deployer
from sandbox.evm import ETHER, FOREVER, Call, Contract
from schemas.manifest import Brake
from tests.contract.stage import ALLOWED, Exhibit, Stage

EXCERPT = Path(__file__).parent.parent / "excerpts" / "venus.json"
DOES = ("actions", "supply-cap", "borrow-cap", "protocol")
OFF = False
ADD = 0
"""What a facet's functions are cut for."""
CORE_POOL = 0
CAP = 10**6 * ETHER
HALF, COVERED, BONUS = (n * ETHER // 10 for n in (5, 8, 11))
"""The close factor, and what a token covers once it is worth less; what it covers at first; what
a liquidator gets."""


@cache
def _excerpt() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(EXCERPT.read_bytes())["contracts"]
    return found


def compiled(deployer: Deployer, name: str, *arguments: Any) -> Contract:
    """Create one of the excerpt's contracts."""
    one = _excerpt()[name]
    return deployer.create_compiled(Interface(one["abi"]), one["bytecode"], *arguments)


def _create(stage: Stage, name: str, *arguments: Any) -> Contract:
    return compiled(stage.deployer, name, *arguments)


@dataclass(frozen=True, slots=True)
class Venus:
    """Its parts that a brake has to do with."""

    unitroller: Contract
    """The comptroller as what may be handed to another admin."""
    comptroller: Contract
    market: Contract
    access: Contract
    """By which the people may do everything."""
    oracle: Contract


def deployed(stage: Stage) -> Venus:
    """Set it up once per chain: the user has supplied, the stranger owes more than is covered."""
    return stage.once("venus", lambda: _deployed(stage))


def _deployed(stage: Stage) -> Venus:
    people = stage.people
    unitroller, diamond = _create(stage, "Unitroller"), _create(stage, "Diamond")
    facets = {name: _create(stage, name) for name in ("MarketFacet", "PolicyFacet", "SetterFacet")}
    access, lens = manager(stage, people.address), _create(stage, "ComptrollerLens")
    token = stage.deployer.create("ToyERC20", "Acre", "ACR", 18, 10**6 * ETHER)
    oracle = stage.deployer.create("BoundedOracleLike")
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
        comptroller.call("_setComptrollerLens", lens.address),
        comptroller.call("_setPriceOracle", oracle.address),
        comptroller.call("setDeviationBoundedOracle", oracle.address),
        comptroller.call("_setCloseFactor", HALF),
    )
    venus = Venus(unitroller, comptroller, unitroller, access, oracle)
    venus = replace(venus, market=listed(stage, venus, token))
    _use(stage, venus, token)
    return venus


def manager(stage: Stage, one: str) -> Contract:
    """Create an access control that lets one account do everything."""
    made = _create(stage, "AccessControlManagerMock", one)
    stage.deployer.settle()
    return made


def listed(stage: Stage, venus: Venus, token: Contract) -> Contract:
    """Return a new market, which lends a token at a dollar, and against it."""
    rates = _create(stage, "WhitePaperInterestRateModel", ETHER // 100, ETHER // 10, 2_628_000)
    stage.deployer.settle()
    comptroller, me = venus.comptroller, stage.people.address
    terms = token.address, comptroller.address, rates.address, ETHER, "vAcre", "vACR", 18, me
    market = _create(stage, "VBep20Immutable", *terms)
    stage.deployer.settle()
    stage.do(
        stage.people,
        venus.oracle.call("set", market.address, ETHER),
        comptroller.call("_supportMarket", market.address),
        comptroller.call("setLiquidationIncentive", market.address, BONUS),
        comptroller.call("setCollateralFactor", CORE_POOL, market.address, COVERED, COVERED),
        comptroller.call("_setMarketSupplyCaps", [market.address], [CAP]),
        comptroller.call("_setMarketBorrowCaps", [market.address], [CAP]),
        comptroller.call("setIsBorrowAllowed", CORE_POOL, market.address, ALLOWED),
    )
    return market


def _use(stage: Stage, venus: Venus, token: Contract) -> None:
    """Let the user and the stranger supply, the stranger borrow, and what covers him be less."""
    market, comptroller = venus.market, venus.comptroller
    for one in (stage.user, stage.stranger):
        stage.do(stage.people, token.call("transfer", one.address, 10_000 * ETHER))
        stage.do(
            one,
            token.call("approve", market.address, FOREVER),
            market.call("mint", 1_000 * ETHER),
            comptroller.call("enterMarkets", [market.address]),
        )
    less = comptroller.call("setCollateralFactor", CORE_POOL, market.address, HALF, HALF)
    stage.do(stage.stranger, market.call("borrow", 700 * ETHER))
    stage.do(stage.people, less)


def uses(stage: Stage, venus: Venus) -> dict[str, Call]:
    """Return what the user can do in the market, by its action; `seize` is of a liquidation."""
    market, where, debtor = venus.market, venus.market.address, stage.stranger.address
    liquidated = market.call("liquidateBorrow", debtor, ETHER, where)
    return {
        "mint": market.call("mint", ETHER),
        "redeem": market.call("redeem", ETHER),
        "borrow": market.call("borrow", ETHER),
        "repay": market.call("repayBorrowBehalf", debtor, ETHER),
        "seize": liquidated,
        "liquidate": liquidated,
        "transfer": market.call("transfer", debtor, ETHER),
        "enter-market": venus.comptroller.call("enterMarkets", [where]),
        "exit-market": venus.comptroller.call("exitMarket", where),
    }


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
    venus, where = deployed(stage), [deployed(stage).market.address]
    holders = manager(stage, holder)
    stage.do(stage.people, venus.comptroller.call("_setAccessControl", holders.address))
    use = uses(stage, venus)
    every = frozenset(use)
    market, back = {"market": venus.market.address}, venus.comptroller.call
    paused = frozenset({"mint", "redeem"})
    stops: dict[str, tuple[dict[str, Any], frozenset[str], Call]] = {
        "actions": (
            market | {"actions": sorted(paused)}, paused,
            back("_setActionsPaused", where, [0, 1], OFF),
        ),
        "supply-cap": (
            market | {"cap": 0}, frozenset({"mint"}), back("_setMarketSupplyCaps", where, [CAP]),
        ),
        "borrow-cap": (
            market | {"cap": 50 * ETHER}, frozenset({"borrow"}),
            back("_setMarketBorrowCaps", where, [CAP]),
        ),
        "protocol": (
            {}, every - {"enter-market", "exit-market"}, back("_setProtocolPaused", OFF),
        ),
    }  # fmt: skip
    more, stopped, release = stops[does]
    return Exhibit(
        brake=Brake(
            name=does,
            adapter="venus",
            target=venus.comptroller.address,
            parameters={"does": does} | more,
        ),
        stopped=tuple(use[name] for name in sorted(stopped)),
        going=tuple(use[name] for name in sorted(every - stopped)),
        release=(venus.comptroller.call("_setAccessControl", venus.access.address), release),
    )
