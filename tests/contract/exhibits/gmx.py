"""GMX-like markets, a contract of ours with its interface: no public package has it compiled."""

from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from sandbox.evm import Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

MARKET, OTHER = "0x" + "a1" * 20, "0x" + "b2" * 20
ON = True
OPEN_INTEREST = 1000


def _brake(target: str, **parameters: Any) -> Brake:
    found = {"name": "halt", "adapter": "gmx", "target": target, "scope": "T1"}
    return Brake.model_validate(found | {"parameters": parameters})


def flagged(stage: Stage, holder: str) -> Contract:
    """Two markets with open interest; the holder and the people are config keepers."""
    markets = stage.deployer.create("FlaggedMarkets")
    stage.deployer.settle()
    stage.do(
        stage.people,
        markets.call("setConfigKeeper", holder, ON),
        markets.call("setConfigKeeper", stage.people.address, ON),
    )
    stage.do(stage.people, *(_caps(markets, market) for market in (MARKET, OTHER)))
    return markets


def _caps(markets: Contract, market: str) -> Any:
    base = _key("MAX_OPEN_INTEREST")
    sides = [encode(["address", "bool"], [market, is_long]) for is_long in (True, False)]
    encoded = [markets.interface.encode("setUint", base, side, OPEN_INTEREST) for side in sides]
    return markets.call("multicall", encoded)


def _key(name: str) -> bytes:
    return keccak(encode(["string"], [name]))


def openings(stage: Stage, holder: str) -> Exhibit:
    markets = flagged(stage, holder)
    return Exhibit(
        brake=_brake(markets.address, does="openings", market=MARKET),
        stopped=tuple(markets.call("increase", MARKET, side, 10) for side in (True, False)),
        going=(
            markets.call("liquidate", MARKET),
            markets.call("decrease", MARKET),
            markets.call("increase", OTHER, ON, 10),
        ),
        release=(_caps(markets, MARKET),),
    )


def market(stage: Stage, holder: str) -> Exhibit:
    markets = flagged(stage, holder)
    data = encode(["address"], [MARKET])
    return Exhibit(
        brake=_brake(markets.address, does="market", market=MARKET),
        stopped=(markets.call("decrease", MARKET), markets.call("liquidate", MARKET)),
        going=(markets.call("decrease", OTHER),),
        release=(markets.call("setBool", _key("IS_MARKET_DISABLED"), data, not ON),),
    )


def feature(stage: Stage, holder: str) -> Exhibit:
    markets = flagged(stage, holder)
    base, data = _key("CREATE_ORDER_FEATURE_DISABLED"), [markets.address, 2]
    return Exhibit(
        brake=_brake(
            markets.address,
            does="feature",
            feature="create-order",
            module=markets.address,
            order="market-increase",
        ),
        stopped=(markets.call("increase", MARKET, ON, 1), markets.call("increase", OTHER, ON, 1)),
        going=(markets.call("decrease", MARKET), markets.call("liquidate", MARKET)),
        release=(markets.call("setBool", base, encode(["address", "uint256"], data), not ON),),
    )
