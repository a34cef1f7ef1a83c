"""Ways between chains: contracts of ours with the interfaces of Chainlink CCIP's."""

from typing import Any

from sandbox.evm import Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

CHAIN, ELSEWHERE = 5009297550715157269, 4949039107694359620
WIDE = True, 1_000_000, 1_000
UNLIMITED = False, 0, 0
TIGHT = {"does": "rate-limit", "chain_selector": CHAIN, "capacity": 1_000, "rate": 1}
SUBJECT = CHAIN.to_bytes(16)


def curse_brake(curses: Contract) -> Brake:
    """The brake that curses one chain."""
    brake = {"name": "curse", "adapter": "ccip", "target": curses.address}
    return Brake.model_validate(brake | {"parameters": {"does": "curse", "chain_selector": CHAIN}})


def _curse(stage: Stage, holder: str, *, refuses_doubles: bool) -> Exhibit:
    curses = stage.deployer.create("CurseList", holder, refuses_doubles)
    stage.deployer.settle()
    return Exhibit(
        brake=curse_brake(curses),
        stopped=(curses.call("ccipSend", CHAIN),),
        going=(curses.call("ccipSend", ELSEWHERE),),
        release=(curses.call("uncurse", [SUBJECT]),),
    )


def curse(stage: Stage, holder: str) -> Exhibit:
    return _curse(stage, holder, refuses_doubles=False)


def curse_of_old(stage: Stage, holder: str) -> Exhibit:
    return _curse(stage, holder, refuses_doubles=True)


def pool(stage: Stage, holder: str, limits: tuple[Any, ...] = WIDE) -> tuple[Contract, Brake]:
    """A pool with these limits each way, full, and the brake that narrows them."""
    pool = stage.deployer.create("LimitedPool", holder)
    stage.deployer.settle()
    stage.do(stage.people, pool.call("setChainRateLimiterConfig", CHAIN, limits, limits))
    stage.hands.mine(1000)
    brake = {"name": "narrow", "adapter": "ccip", "target": pool.address, "scope": "T1"}
    return pool, Brake.model_validate(brake | {"parameters": TIGHT})


def _rate_limit(stage: Stage, holder: str, limits: tuple[Any, ...]) -> Exhibit:
    target, brake = pool(stage, holder, limits)
    return Exhibit(
        brake=brake,
        stopped=(target.call("lockOrBurn", CHAIN, 1_001),),
        going=(target.call("lockOrBurn", CHAIN, 0), target.call("lockOrBurn", ELSEWHERE, 1_001)),
        release=(target.call("setChainRateLimiterConfig", CHAIN, limits, limits),),
        released_after=1000,
    )


def rate_limit(stage: Stage, holder: str) -> Exhibit:
    return _rate_limit(stage, holder, WIDE)


def rate_limit_where_there_is_none(stage: Stage, holder: str) -> Exhibit:
    return _rate_limit(stage, holder, UNLIMITED)
