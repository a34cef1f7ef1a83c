"""What a transaction's swaps say of prices; pure functions.

Where a pool reports its own state (Uniswap V2 `Sync`, V3 `Swap`) the price is exact, before and
after. Everywhere else it is the rate at which a contract exchanged one token for another, read from
the flows alone, so pools whose events nobody can decode are seen too.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from schemas.chain import Flow, Log, Transaction
from schemas.errors import PoisonRecordError
from schemas.units import uint

MOST_FEE = 0.01
"""The largest share of a swap that a Uniswap V3 factory lets its pools keep."""


class Move(NamedTuple):
    """How far a price moved within one transaction."""

    pool: str
    factor: float
    """Highest price over lowest, at least 1."""
    log: int | None
    """The event that shows the extreme, where an event shows it."""


def moves(tx: Transaction) -> list[Move]:
    """Return the largest movement of each pool's price, pools without any left out."""
    seen: dict[str, list[tuple[float, int | None]]] = {}
    for pool, price, log in reported(tx.logs):
        seen.setdefault(pool, []).append((price, log))
    for pool, rates in _exchanged(tx.flows).items():
        if pool not in seen and len(rates) > 1:
            seen[pool] = [(rate, None) for rate in rates]
    found = []
    for pool, prices in seen.items():
        if len(prices) == 1:
            continue
        low, high = min(prices), max(prices)
        first = prices[0][0]
        extreme = high if high[0] - first >= first - low[0] else low
        if high[0] > low[0]:
            found.append(Move(pool, math.exp(min(700.0, high[0] - low[0])), extreme[1]))
    return found


def reported(logs: Sequence[Log]) -> Iterable[tuple[str, float, int]]:
    """Yield (pool, ln price, log) wherever a pool's own events tell."""
    reserves: dict[str, tuple[int, int]] = {}
    for log in logs:
        name = log.name
        if name not in ("Sync", "Swap"):
            continue
        try:
            if name == "Sync":
                after = reserves[log.contract] = _pair(log, "reserve0", "reserve1")
                price = _ratio(*after)
                if price is not None:
                    yield log.contract, price, log.log
            elif log.contract in reserves and "amount0In" in log.arguments:
                before = _before(log, *reserves[log.contract])
                price = _ratio(*before)
                if price is not None:
                    yield log.contract, price, log.log
            elif "sqrtPriceX96" in log.arguments:
                yield from _concentrated(log)
        except (KeyError, PoisonRecordError):
            continue  # an event of that name with another layout: the flows speak for this pool


def _pair(log: Log, first: str, second: str) -> tuple[int, int]:
    return uint(str(log.arguments[first])), uint(str(log.arguments[second]))


def _before(log: Log, reserve0: int, reserve1: int) -> tuple[int, int]:
    """Return a V2 pair's reserves before a swap, from those after it (the Sync precedes it)."""
    in0, in1 = _pair(log, "amount0In", "amount1In")
    out0, out1 = _pair(log, "amount0Out", "amount1Out")
    return reserve0 - in0 + out0, reserve1 - in1 + out1


def _concentrated(log: Log) -> Iterable[tuple[str, float, int]]:
    """Yield a V3 pool's price after and before a swap.

    After: (sqrtPriceX96 / 2^96)^2. Before, within one range of liquidity L: what the pool paid out
    moved the root of the price by amount1 / L, or its inverse by amount0 / L (Uniswap v3 core
    whitepaper, 6.2.3). The fee is in what was paid in, so the rate of the swap is no measure: in a
    quiet pool it would be all that is seen. A swap that ends in a thin range seems to have moved
    further than it did: twice as far as its rate lies from its end is taken for the most, with a
    margin for the fee.
    """
    root = uint(str(log.arguments["sqrtPriceX96"]))
    liquidity = uint(str(log.arguments.get("liquidity", "0")))
    amount0, amount1 = (int(str(log.arguments[name])) for name in ("amount0", "amount1"))
    if not root or amount0 * amount1 >= 0:
        return
    end = math.log(root) - 96.0 * math.log(2.0)
    rate = math.log(abs(amount1)) - math.log(abs(amount0))
    furthest = 2.0 * abs(2.0 * end - rate)
    yield log.contract, 2.0 * end, log.log
    if liquidity:
        paid = -amount1 / math.exp(end) if amount1 < 0 else -amount0 * math.exp(end)
        moved = min(2.0 * math.log1p(paid / liquidity), furthest + 2.0 * MOST_FEE)
    else:
        moved = furthest
    yield log.contract, 2.0 * end + (moved if amount1 < 0 else -moved), log.log


def _ratio(first: int, second: int) -> float | None:
    return math.log(second) - math.log(first) if first > 0 and second > 0 else None


def _exchanged(flows: Sequence[Flow]) -> dict[str, list[float]]:
    """Return by address ln rate of every exchange that it made with the same two tokens.

    An exchange is an inflow of one token and the next outflow of another at one address. Rates of
    one address are comparable only within one pair of tokens, so the busiest pair is taken.
    """
    last_in: dict[str, tuple[Flow, float | None]] = {}
    rates: dict[tuple[str, str, str], list[float]] = {}
    for flow in flows:
        sender, token = flow.sender, flow.token
        entry, taken = last_in.get(sender, (None, None))
        given = None
        if entry is not None and entry.token != token:
            given = math.log(int(flow.amount))
            if taken is None:
                taken = math.log(int(entry.amount))
            if entry.token < token:
                exchange, rate = (sender, entry.token, token), given - taken
            else:
                exchange, rate = (sender, token, entry.token), taken - given
            if exchange in rates:
                rates[exchange].append(rate)
            else:
                rates[exchange] = [rate]
            del last_in[sender]
        last_in[flow.to] = flow, given
    busiest: dict[str, list[float]] = {}
    for (address, _, _), of_pair in rates.items():
        if len(of_pair) > len(busiest.get(address, ())):
            busiest[address] = of_pair
    return busiest
