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


def v3_swap(price: float, liquidity: int, after: float, fee: float) -> Transaction:
    """A swap within one range of liquidity, as the pool's contract reckons it."""
    start, end = math.sqrt(price), math.sqrt(after)
    amount0 = liquidity * (1 / end - 1 / start)
    amount1 = liquidity * (end - start)
    amount0, amount1 = (paid / (1 - fee) if paid > 0 else paid for paid in (amount0, amount1))
    swap = log(
        5,
        "Swap",
        amount0=round(amount0),
        amount1=round(amount1),
        sqrtPriceX96=round(end * 2**96),
        liquidity=liquidity,
    )
    return make(0, logs=(swap,))


@pytest.mark.parametrize("fee", [0.0, 0.0005, 0.01])
@pytest.mark.parametrize("factor", [1.0001, 1.5, 1 / 1.0001, 1 / 1.5])
def test_the_fee_of_a_v3_pool_is_no_movement_of_its_price(fee: float, factor: float) -> None:
    (move,) = moves(v3_swap(3e-4, 10**22, 3e-4 * factor, fee))
    assert math.log(move.factor) == pytest.approx(abs(math.log(factor)), rel=1e-3)


def test_dust_moves_no_price_however_it_is_rounded() -> None:
    root = int(math.sqrt(4.4e8) * 2**96)
    swap = log(0, "Swap", amount0=2, amount1=-1_000_000, sqrtPriceX96=root, liquidity=10**19)
    assert all(move.factor < 1.000001 for move in moves(make(0, logs=(swap,))))


def test_a_swap_that_ends_in_a_thin_range_did_not_move_without_bound() -> None:
    root = int(math.sqrt(1.01) * 2**96)
    swap = log(0, "Swap", amount0=-(10**20), amount1=10**20, sqrtPriceX96=root, liquidity=10**16)
    (move,) = moves(make(0, logs=(swap,)))
    assert 1.01 < move.factor < 1.05


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
