"""Made-up price bars: seeded, one per step. They exercise code, they prove no detection rate."""

import random
from collections.abc import Iterable, Iterator

from detectors.api import Scope
from detectors.market.api import PriceDetector
from detectors.market.watch import PriceWatch
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL
from schemas.alerts import Alert
from schemas.chain import Price
from schemas.ids import content_id
from schemas.manifest import Contract, Manifest, Market

START = 1_700_000_000
STEP = 900


def bar(market: str, number: int, close: float, volume: float = 100.0, step: int = STEP) -> Price:
    text = f"{close:.8f}"
    return Price(
        id=content_id("price", market, number, text),
        market=market,
        base="",
        quote="",
        timestamp=START + number * step,
        open=text,
        high=text,
        low=text,
        close=text,
        volume=f"{volume:.4f}",
    )


def bouncing(count: int, seed: int = 0, around: float = 1.0, width: float = 0.003) -> list[float]:
    """Prices that jump between bid and ask of a pool with a 0.3% fee."""
    chance = random.Random(seed)
    return [
        around * (1 + chance.choice((-1, 1)) * width + chance.gauss(0, 0.0004))
        for _ in range(count)
    ]


def wandering(count: int, seed: int = 0, start: float = 1800.0, step: float = 0.004) -> list[float]:
    """A price that nothing holds."""
    chance, price, found = random.Random(seed), start, []
    for _ in range(count):
        price *= 1 + chance.gauss(0, step)
        found.append(price)
    return found


def series(market: str, closes: Iterable[float], first: int = 0) -> Iterator[Price]:
    for number, close in enumerate(closes, first):
        yield bar(market, number, close)


def manifest(*markets: Market) -> Manifest:
    contract = Contract(address="0x" + "11" * 20, role="pool")
    return Manifest(protocol=PROTOCOL, chain=CHAIN, contracts=(contract,), markets=markets)


def watch(*detectors: type[PriceDetector], markets: tuple[Market, ...] = ()) -> PriceWatch:
    described = manifest(*markets) if markets else None
    rules = Rules(set_name="test", finality=1, budget=1 / 400)
    return PriceWatch(Scope(CHAIN, PROTOCOL, described), rules, detectors)


def alerts(watching: PriceWatch, prices: Iterable[Price]) -> list[tuple[int, Alert]]:
    """Return the alerts with the positions of their bars."""
    found = []
    for number, price in enumerate(prices):
        _, alert = watching.take(price, 7)
        if alert is not None:
            found.append((number, alert))
    return found
