import math

import pytest

from detectors.prices import moves
from detectors.samples import address, make
from schemas.chain import Flow, Log, Transaction

POOL, ROUTER, USER = address(1), address(2), address(3)
GOLD, SILVER, TIN = address(100), address(101), address(102)


def log(position: int, name: str, **arguments: int) -> Log:
    values = {key: str(value) for key, value in arguments.items()}
    return Log(log=position, contract=POOL, name=name, arguments=dict(values))


def flow(token: str, sender: str, to: str, amount: int) -> Flow:
    return Flow(token=token, sender=sender, to=to, amount=str(amount))


def v2_swap(reserve0: int, reserve1: int, in0: int, out1: int) -> Transaction:
    return make(
        0,
        logs=(
            log(0, "Sync", reserve0=reserve0 + in0, reserve1=reserve1 - out1),
            log(1, "Swap", amount0In=in0, amount1In=0, amount0Out=0, amount1Out=out1),
        ),
    )


def test_a_v2_pair_tells_its_price_before_and_after_one_swap() -> None:
    (move,) = moves(v2_swap(1000, 1000, in0=1000, out1=500))
    assert move.pool == POOL
    assert move.factor == pytest.approx(4.0)


def test_a_small_swap_moves_the_price_a_little() -> None:
    (move,) = moves(v2_swap(10**24, 10**24, in0=10**21, out1=10**21))
    assert move.factor == pytest.approx(1.002, abs=1e-4)


def test_a_v3_pool_tells_its_price_before_and_after_one_swap() -> None:
    root = int(math.sqrt(4.0) * 2**96)
    tx = make(0, logs=(log(5, "Swap", amount0=-1000, amount1=2000, sqrtPriceX96=root),))
    (move,) = moves(tx)
    assert move.factor == pytest.approx(4.0)
    assert move.log == 5


def test_a_pool_whose_events_nobody_knows_is_read_from_its_flows() -> None:
    flows = []
    for given in (100, 50, 10):
        flows += [flow(GOLD, USER, POOL, 100), flow(SILVER, POOL, USER, given)]
    (move,) = [move for move in moves(make(0, flows=tuple(flows))) if move.pool == POOL]
    assert move.factor == pytest.approx(10.0)


def test_one_exchange_alone_has_no_movement() -> None:
    flows = (flow(GOLD, USER, POOL, 100), flow(SILVER, POOL, USER, 7))
    assert moves(make(0, flows=flows)) == []


def test_different_pairs_of_tokens_are_not_compared() -> None:
    flows = (
        flow(GOLD, USER, POOL, 100),
        flow(SILVER, POOL, USER, 7),
        flow(GOLD, USER, POOL, 100),
        flow(TIN, POOL, USER, 70_000),
    )
    assert moves(make(0, flows=flows)) == []


def test_an_event_of_that_name_with_other_arguments_is_passed_over() -> None:
    tx = make(0, logs=(log(0, "Sync", a=1), log(1, "Swap", sqrtPriceX96=0, amount0=0, amount1=0)))
    assert moves(tx) == []


def test_emptied_reserves_are_passed_over() -> None:
    assert moves(make(0, logs=(log(0, "Sync", reserve0=0, reserve1=5),))) == []
