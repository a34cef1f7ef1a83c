"""Chainlink CCIP as its package has it compiled: RMN 2.0, a router, a token pool of 1.5.1."""

from dataclasses import dataclass
from typing import Any

import msgspec

from sandbox.abi import Interface
from sandbox.evm import Call, Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

CHAIN, ELSEWHERE = 5009297550715157269, 4949039107694359620
WIDE = True, 1_000_000, 1_000
UNLIMITED = False, 0, 0
TIGHT = {"does": "rate-limit", "chain_selector": CHAIN, "capacity": 1_000, "rate": 1}
SUBJECT = CHAIN.to_bytes(16)
_REMOTE = b"\x07" * 32


@dataclass(frozen=True, slots=True)
class Crossing:
    """Its parts that a brake has to do with."""

    curses: Contract
    pool: Contract
    token: str

    def sends(self, chain: int, amount: int) -> Call:
        """What the user does, who stands in for the contract that messages leave by."""
        order = b"", chain, "0x" + "05" * 20, amount, self.token
        return self.pool.call("lockOrBurn", order)


def create(stage: Stage, name: str, *arguments: Any) -> Contract:
    """Create a contract of the package, by its version and name."""
    folder = stage.package("@chainlink/contracts-ccip")
    interface = Interface(msgspec.json.decode((folder / f"abi/{name}.json").read_bytes()))
    code = (folder / f"bytecode/{name}.bin").read_text()
    return stage.deployer.create_compiled(interface, code, *arguments)


def crossing(stage: Stage, holder: str, limits: tuple[Any, ...] = WIDE) -> Crossing:
    """A pool with these limits to each of two chains and back; the holder may curse and limit."""
    token = stage.deployer.create("ToyERC20", "Acre", "ACR", 18, 10**30)
    curses = create(stage, "v2_0_0/rmn", [holder])
    router = create(stage, "v1_2_0/router", token.address, curses.address)
    terms: tuple[Any, ...] = token.address, 18, [], curses.address, False, router.address
    pool = create(stage, "v1_5_1/lock_release_token_pool", *terms)
    stage.deployer.settle()
    chains = [(chain, [_REMOTE], _REMOTE, limits, limits) for chain in (CHAIN, ELSEWHERE)]
    ramps = [(chain, stage.user.address) for chain in (CHAIN, ELSEWHERE)]
    stage.do(
        stage.people,
        router.call("applyRampUpdates", ramps, [], []),
        pool.call("applyChainUpdates", [], chains, gas=2_000_000),
        pool.call("setRateLimitAdmin", holder),
    )
    return Crossing(curses, pool, token.address)


def curse_brake(curses: Contract) -> Brake:
    """The brake that curses one chain."""
    brake = {"name": "curse", "adapter": "ccip", "target": curses.address}
    return Brake.model_validate(brake | {"parameters": {"does": "curse", "chain_selector": CHAIN}})


def limit_brake(pool: Contract) -> Brake:
    """The brake that narrows a pool's limits."""
    brake = {"name": "narrow", "adapter": "ccip", "target": pool.address, "scope": "T1"}
    return Brake.model_validate(brake | {"parameters": TIGHT})


def curse(stage: Stage, holder: str) -> Exhibit:
    made = crossing(stage, holder)
    return Exhibit(
        brake=curse_brake(made.curses),
        stopped=(made.sends(CHAIN, 1),),
        going=(made.sends(ELSEWHERE, 1),),
        release=(made.curses.call("uncurse", [SUBJECT]),),
    )


def _rate_limit(stage: Stage, holder: str, limits: tuple[Any, ...], at_once: int) -> Exhibit:
    made = crossing(stage, holder, limits)
    return Exhibit(
        brake=limit_brake(made.pool),
        stopped=(made.sends(CHAIN, 1_001),),
        going=(made.sends(CHAIN, at_once), made.sends(ELSEWHERE, 1_001)),
        release=(made.pool.call("setChainRateLimiterConfig", CHAIN, limits, limits),),
        released_after=1000,
    )


def rate_limit(stage: Stage, holder: str) -> Exhibit:
    return _rate_limit(stage, holder, WIDE, at_once=1_000)


def rate_limit_where_there_is_none(stage: Stage, holder: str) -> Exhibit:
    """A limit that begins begins empty: at first its rate alone goes through."""
    return _rate_limit(stage, holder, UNLIMITED, at_once=0)
