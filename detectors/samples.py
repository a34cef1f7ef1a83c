"""Made-up transactions for checking detectors: seeded, varied, some of them odd.

They exercise code; they say nothing about how well a detector detects.
"""

import random
from collections.abc import Iterator

from schemas.chain import (
    MAX_CALLS,
    MAX_FLOWS,
    Argument,
    Call,
    Flow,
    Log,
    Transaction,
    Write,
)
from schemas.ids import content_id
from schemas.units import NATIVE

CHAIN = "eip155:31337"
PROTOCOL = "sample"


def address(number: int) -> str:
    """Return the number as an address."""
    return f"0x{number:040x}"


def transactions(count: int, seed: int = 0, accounts: int = 60) -> Iterator[Transaction]:
    """Yield ordinary transactions, three to a block."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, nothing secret
    for number in range(count):
        yield transaction(number, chance, accounts)


def transaction(number: int, chance: random.Random, accounts: int = 60) -> Transaction:
    """Return one ordinary transaction: a few calls, transfers, a swap."""
    people = [address(1000 + chance.randrange(accounts)) for _ in range(3)]
    pool, token, other = address(10), address(20), address(21)
    amount = max(1, int(chance.lognormvariate(40, 1)))
    got = max(1, int(amount * chance.lognormvariate(0, 0.01)))
    flows = (
        Flow(token=token, sender=people[0], to=pool, amount=str(amount)),
        Flow(token=other, sender=pool, to=people[0], amount=str(got)),
    )
    calls = (
        Call(depth=0, kind="call", sender=people[0], to=pool, selector="0x022c0d9f"),
        Call(depth=1, kind="call", sender=pool, to=token, selector="0xa9059cbb"),
        Call(depth=1, kind="staticcall", sender=pool, to=other, selector="0x70a08231"),
    )
    logs = (
        Log(
            log=0,
            contract=token,
            name="Transfer",
            arguments={"from": people[0], "to": pool, "value": str(amount)},
        ),
        Log(
            log=1,
            contract=pool,
            name="Sync",
            arguments={"reserve0": str(10**20 + amount), "reserve1": str(10**20 - got)},
        ),
    )
    return make(number, sender=people[0], to=pool, flows=flows, calls=calls, logs=logs)


def odd() -> Iterator[Transaction]:
    """Yield transactions that a careless detector stumbles over."""
    yield make(0, seen=())
    yield make(1)
    yield make(2, ok=False, sender=address(5), to=None)
    me = address(7)
    yield make(3, flows=(Flow(token=NATIVE, sender=me, to=me, amount=str(2**256 - 1)),))
    yield make(4, calls=tuple(_call(depth, me, me) for depth in range(1000)))
    yield make(5, calls=tuple(_call(0 if n % 2 else 1, me, address(n)) for n in range(MAX_CALLS)))
    yield make(
        6,
        flows=tuple(
            Flow(token=address(n % 97), sender=address(n), to=address(n + 1), amount=str(n + 1))
            for n in range(MAX_FLOWS)
        ),
    )
    strange: dict[str, Argument] = {
        "reserve0": True,
        "reserve1": ["1"],
        "amount0": "-",
        "sqrtPriceX96": "x",
    }
    yield make(7, logs=(Log(log=0, contract=me, name="Sync", arguments=dict(strange)),))
    yield make(8, logs=(Log(log=0, contract=me, name="Swap", arguments=dict(strange)),))
    yield make(9, writes=(Write(contract=me, slot="0", value=str(2**256 - 1)),))


def _call(depth: int, sender: str, to: str) -> Call:
    return Call(depth=depth, kind="call", sender=sender, to=to, selector="0x00000000")


def make(number: int, **parts: object) -> Transaction:
    """Return a transaction with the given parts, the `number`-th of its chain."""
    tx = f"0x{number:064x}"
    given: dict[str, object] = {
        "id": content_id("transaction", CHAIN, PROTOCOL, tx),
        "chain": CHAIN,
        "protocol": PROTOCOL,
        "block": number // 3,
        "block_hash": f"0x{number // 3:064x}",
        "timestamp": 1_700_000_000 + number // 3 * 12,
        "index": number % 3,
        "tx": tx,
        "seen": ("calls", "flows", "logs", "writes"),
        "ok": True,
    }
    return Transaction(**(given | parts))  # type: ignore[arg-type]  # parts are the caller's to fit
