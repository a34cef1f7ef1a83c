"""Made-up traffic of many protocols: seeded, so that everybody measures the same.

Sizes follow recorded blocks of Ethereum (2020 to 2023): a transaction that reaches a protocol has 2
to 20 frames, half of them 8 or fewer, 1 to 7 events, 1 to 6 movements of tokens; that is 4 KB of
JSON. One in a thousand is built like an attack: borrowed funds, re-entry, a bent price.
"""

import random
from collections.abc import Iterator

from eth_hash.auto import keccak

from schemas.chain import Call, Event, Flow, Log, Transaction
from schemas.ids import content_id

CHAIN = "eip155:1"
PER_BLOCK = 150
"""Transactions in a block that reach a watched protocol; all of Ethereum has about as many."""
SECONDS_PER_BLOCK = 12
PER_DAY = PER_BLOCK * 86_400 // SECONDS_PER_BLOCK
"""Transactions of a mainnet day: 1.08 million."""
EVENTS_PER_BLOCK = 3 * PER_BLOCK
EVENTS_PER_DAY = 3 * PER_DAY
"""Single events of a mainnet day: 3.24 million."""
ODD = 1000
"""One in so many transactions is built like an attack."""

_FRAMES = (2, 3, 3, 5, 8, 8, 8, 11, 11, 19)
_SWAPS = (0, 0, 0, 1, 1, 1, 1, 2, 2, 3)

TRANSFER = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
SYNC = "0x" + keccak(b"Sync(uint112,uint112)").hex()


def address(number: int) -> str:
    """Return the number as an address."""
    return f"0x{number:040x}"


def transactions(
    count: int, *, protocols: int = 32, seed: int = 1, per_block: int = PER_BLOCK
) -> Iterator[Transaction]:
    """Yield transactions in the order of their chain."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, nothing secret
    for number in range(count):
        odd = number % ODD == ODD - 1
        place = divmod(number, per_block)
        yield transaction(number, place, chance, chance.randrange(protocols), odd=odd)


def transaction(
    number: int, place: tuple[int, int], chance: random.Random, protocol: int, *, odd: bool
) -> Transaction:
    """Return the `number`-th transaction of the chain, at this block and index."""
    block, index = place
    person = address(10_000 + chance.randrange(50_000))
    moved = list(_movements(chance, protocol, person, odd=odd))
    block_hash, tx = f"0x{block:064x}", f"0x{number:064x}"
    return Transaction(
        id=content_id("transaction", CHAIN, f"p{protocol}", block_hash, tx),
        chain=CHAIN,
        protocol=f"p{protocol}",
        block=block,
        block_hash=block_hash,
        timestamp=1_600_000_000 + block * SECONDS_PER_BLOCK,
        index=index,
        tx=tx,
        seen=("calls", "logs", "flows"),
        sender=person,
        to=address(100 + protocol),
        value="0",
        selector="0x38ed1739",
        ok=True,
        gas_used=str(chance.randrange(60_000, 400_000)),
        calls=tuple(_frames(chance, protocol, person, odd=odd)),
        logs=tuple(_logs(moved, protocol, number)),
        flows=tuple(moved),
    )


def _movements(chance: random.Random, protocol: int, person: str, *, odd: bool) -> Iterator[Flow]:
    pool = address(1_000 + protocol * 4 + chance.randrange(4))
    first, second = address(5_000 + protocol), address(6_000 + protocol)
    if odd:
        borrowed = str(10**25)
        yield Flow(token=first, sender=address(77), to=person, amount=borrowed)
        for step in range(6):
            yield Flow(token=first, sender=person, to=pool, amount=str(10**24))
            yield Flow(token=second, sender=pool, to=person, amount=str(10**24 * 3**step))
        yield Flow(token=first, sender=person, to=address(77), amount=borrowed)
        return
    given = chance.lognormvariate(42.0, 1.5)
    yield Flow(token=first, sender=person, to=pool, amount=str(int(given) + 1))
    for _ in range(chance.choice(_SWAPS)):
        taken = given * chance.lognormvariate(0.0, 0.001)
        yield Flow(token=second, sender=pool, to=person, amount=str(int(taken) + 1))
        yield Flow(token=first, sender=person, to=pool, amount=str(int(given) + 1))


def _frames(chance: random.Random, protocol: int, person: str, *, odd: bool) -> Iterator[Call]:
    entry, pool = address(100 + protocol), address(1_000 + protocol * 4)
    yield Call(depth=0, kind="call", sender=person, to=entry, selector="0x38ed1739")
    if odd:
        for level in range(20):
            sender, to = (entry, pool) if level % 2 == 0 else (pool, entry)
            yield Call(depth=level + 1, kind="call", sender=sender, to=to, selector="0x022c0d9f")
        return
    for number in range(chance.choice(_FRAMES) - 1):
        token = address(5_000 + protocol + number % 7)
        depth, sender = (1, entry) if number % 3 else (2, pool)
        kind, selector = ("staticcall", "0x70a08231") if number % 2 else ("call", "0xa9059cbb")
        if depth == 2:
            yield Call(depth=1, kind="call", sender=entry, to=pool, selector="0x022c0d9f")
        yield Call(depth=depth, kind=kind, sender=sender, to=token, selector=selector)  # type: ignore[arg-type]  # one of the two kinds above


def _logs(moved: list[Flow], protocol: int, number: int) -> Iterator[Log]:
    for place, flow in enumerate(moved):
        yield Log(
            log=place,
            contract=flow.token,
            topic=TRANSFER,
            name="Transfer",
            arguments={"from": flow.sender, "to": flow.to, "value": flow.amount},
        )
    yield Log(
        log=len(moved),
        contract=address(1_000 + protocol * 4),
        topic=SYNC,
        name="Sync",
        arguments={
            "reserve0": str(10**24 + (number * 7919) % 10**22),
            "reserve1": str(10**24 - (number * 6151) % 10**22),
        },
    )


def events(count: int, *, protocols: int = 32, seed: int = 1) -> Iterator[Event]:
    """Yield single transfers, in the order of their chain."""
    chance = random.Random(seed)  # noqa: S311 - made-up data, nothing secret
    for number in range(count):
        yield event(number, chance, chance.randrange(protocols), odd=number % ODD == ODD - 1)


def event(number: int, chance: random.Random, protocol: int, *, odd: bool) -> Event:
    """Return the `number`-th transfer of the chain."""
    block, place = divmod(number, EVENTS_PER_BLOCK)
    sender, to = (address(10_000 + chance.randrange(50_000)) for _ in range(2))
    amount = int(chance.lognormvariate(42.0, 1.5)) + 1
    amount *= 10**9 if odd else 1
    contract, tx = address(5_000 + protocol), f"0x{number:064x}"
    return Event(
        id=content_id("event", CHAIN, f"p{protocol}", tx, place),
        chain=CHAIN,
        block=block,
        block_hash=f"0x{block:064x}",
        timestamp=1_600_000_000 + block * SECONDS_PER_BLOCK,
        tx=tx,
        index=place // 3,
        log=place,
        contract=contract,
        protocol=f"p{protocol}",
        name="Transfer",
        arguments={"from": sender, "to": to, "value": str(amount)},
        topics=(TRANSFER, f"0x{int(sender, 16):064x}", f"0x{int(to, 16):064x}"),
        data=f"0x{amount:064x}",
    )
