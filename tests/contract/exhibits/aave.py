"""Aave V3.0 as its package has it compiled: all of the core, one reserve in use."""

from dataclasses import dataclass
from typing import Any

from sandbox.evm import ETHER, FOREVER, Call, Contract
from schemas.manifest import Brake
from tests.contract.stage import ALLOWED, Exhibit, Stage

_PACKAGE = "@aave/core-v3"
_LOGIC = (
    "BorrowLogic", "BridgeLogic", "ConfiguratorLogic", "EModeLogic", "LiquidationLogic",
    "PoolLogic", "SupplyLogic",
)  # fmt: skip
LTV, THRESHOLD, BONUS = 8000, 8500, 10500
DOES = ("pause", "pause-pool", "freeze", "supply-cap", "borrow-cap", "ltv-zero")
OFF = False
VARIABLE = 2
"""The kind of interest."""


@dataclass(frozen=True, slots=True)
class Aave:
    """Its parts that a brake has to do with."""

    configurator: Contract
    pool: Contract
    acl: Contract
    token: Contract


def create(stage: Stage, path: str, *arguments: Any, **libraries: Contract) -> Contract:
    folder, _, name = path.rpartition("/")
    source = _PACKAGE, f"artifacts/contracts/{folder}/{name}.sol"
    return stage.deployer.create_packaged(source, name, *arguments, libraries=libraries)


def deployed(stage: Stage) -> Aave:
    """Set it up once per chain: a token is supplied and borrowed by the user."""
    return stage.once("aave", lambda: _deployed(stage))


def _deployed(stage: Stage) -> Aave:
    me, people = stage.people.address, stage.people
    provider = create(stage, "protocol/configuration/PoolAddressesProvider", "meadow", me)
    stage.deployer.settle()
    stage.do(people, provider.call("setACLAdmin", me))
    acl = create(stage, "protocol/configuration/ACLManager", provider.address)
    logic = {name: create(stage, f"protocol/libraries/logic/{name}") for name in _LOGIC}
    logic["FlashLoanLogic"] = create(
        stage, "protocol/libraries/logic/FlashLoanLogic", BorrowLogic=logic["BorrowLogic"]
    )
    pool = create(stage, "protocol/pool/Pool", provider.address, **logic)
    configurator = create(stage, "protocol/pool/PoolConfigurator", **logic)
    oracle = create(stage, "mocks/oracle/PriceOracle")
    token = create(stage, "mocks/tokens/MintableERC20", "Acre", "ACR", 18)
    stage.deployer.settle()
    stage.do(
        people,
        provider.call("setACLManager", acl.address),
        acl.call("addPoolAdmin", me),
        acl.call("addEmergencyAdmin", me),
        provider.call("setPoolImpl", pool.address, gas=3_000_000),
        provider.call("setPoolConfiguratorImpl", configurator.address, gas=3_000_000),
        provider.call("setPriceOracle", oracle.address),
        oracle.call("setAssetPrice", token.address, 10**8),
    )
    pool = Contract(stage.hands.read(provider, "getPool")[0], pool.interface)
    configurator = Contract(
        stage.hands.read(provider, "getPoolConfigurator")[0], configurator.interface
    )
    aave = Aave(configurator, pool, acl, token)
    list_reserve(stage, aave, provider)
    _use(stage, aave)
    return aave


def list_reserve(stage: Stage, aave: Aave, provider: Contract) -> None:
    """Let the token be supplied, borrowed and borrowed against."""
    pool = aave.pool.address
    tokens = [
        create(stage, f"protocol/tokenization/{name}", pool).address
        for name in ("AToken", "StableDebtToken", "VariableDebtToken")
    ]
    ray = 10**27
    rates = (8 * ray // 10, 0, ray // 25, ray, ray // 100, ray, ray // 100, ray // 100, ray // 5)
    strategy = create(
        stage, "protocol/pool/DefaultReserveInterestRateStrategy", provider.address, *rates
    )
    stage.deployer.settle()
    me, nobody, names = stage.people.address, "0x" + "00" * 20, ["Acre"] * 6
    reserve = (
        *tokens, 18, strategy.address, aave.token.address, me, nobody, *names, b""
    )  # fmt: skip
    asset = aave.token.address
    stage.do(
        stage.people,
        aave.configurator.call("initReserves", [reserve], gas=6_000_000),
        aave.configurator.call("configureReserveAsCollateral", asset, LTV, THRESHOLD, BONUS),
        aave.configurator.call("setReserveBorrowing", asset, ALLOWED),
    )


def _use(stage: Stage, aave: Aave) -> None:
    """Let the user supply and borrow."""
    asset, user = aave.token.address, stage.user
    stage.do(
        user,
        aave.token.call("mint", 10_000 * ETHER),
        aave.token.call("approve", aave.pool.address, FOREVER),
        aave.pool.call("supply", asset, 5_000 * ETHER, user.address, 0),
        aave.pool.call("borrow", asset, 500 * ETHER, VARIABLE, 0, user.address),
    )


def exhibit(stage: Stage, holder: str, does: str) -> Exhibit:
    """One of the brakes of the reserve."""
    aave = deployed(stage)
    asset, user = aave.token.address, stage.user.address
    stage.do(
        stage.people,
        aave.acl.call("addEmergencyAdmin", holder),
        aave.acl.call("addRiskAdmin", holder),
    )
    supply, borrow, repay, withdraw = (
        aave.pool.call("supply", asset, 100 * ETHER, user, 0),
        aave.pool.call("borrow", asset, 100 * ETHER, VARIABLE, 0, user),
        aave.pool.call("repay", asset, 100 * ETHER, VARIABLE, user),
        aave.pool.call("withdraw", asset, 100 * ETHER, user),
    )
    back = aave.configurator.call
    on_terms = {"liquidation_threshold": THRESHOLD, "liquidation_bonus": BONUS}
    every = (supply, borrow, repay, withdraw)
    found: dict[str, tuple[dict[str, Any], tuple[Call, ...], tuple[Call, ...], Call]] = {
        "pause": ({}, every, (), back("setReservePause", asset, OFF)),
        "pause-pool": ({}, every, (), back("setPoolPause", OFF)),
        "freeze": (
            {}, (supply, borrow), (repay, withdraw), back("setReserveFreeze", asset, OFF)
        ),
        "supply-cap": (
            {"cap": 5050}, (supply,), (borrow, repay, withdraw), back("setSupplyCap", asset, 0)
        ),
        "borrow-cap": (
            {"cap": 550}, (borrow,), (supply, repay, withdraw), back("setBorrowCap", asset, 0)
        ),
        "ltv-zero": (
            on_terms, (borrow,), (supply, repay),
            back("configureReserveAsCollateral", asset, LTV, THRESHOLD, BONUS),
        ),
    }  # fmt: skip
    more, stopped, going, release = found[does]
    where = {} if does == "pause-pool" else {"asset": asset}
    return Exhibit(
        brake=Brake(
            name=does,
            adapter="aave-v3",
            target=aave.configurator.address,
            parameters={"does": does, "pool": aave.pool.address} | where | more,
        ),
        stopped=stopped,
        going=going,
        release=(release,),
    )
