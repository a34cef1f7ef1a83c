"""The watch keeps order, budget and state, and outlives a detector that fails."""

from decimal import Decimal

import orjson

from detectors.api import Explanation, Scope, Spec
from detectors.builtin.depeg import Depeg
from detectors.builtin.price_divergence import PriceDivergence
from detectors.builtin.stale_oracle import StaleOracle
from detectors.builtin.volatility import Volatility
from detectors.guarded import MAX_FAULTS
from detectors.host import Host
from detectors.market.api import PriceDetector
from detectors.market.board import MAX_MARKETS, Board, Quote
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL
from detectors.scoring import score_case
from detectors.sets import HostMaker
from schemas.manifest import Market
from tests.unit.detectors.bars import alerts, bar, bouncing, series, watch

ALL = (Depeg, PriceDivergence, StaleOracle, Volatility)


def test_a_snapshot_goes_on_exactly_like_the_original() -> None:
    markets = (
        Market(market="m", asset="X", peg=Decimal(1)),
        Market(market="o", asset="X", kind="oracle"),
    )
    original, copy = watch(*ALL, markets=markets), watch(*ALL, markets=markets)
    prices = [
        price
        for number, close in enumerate(bouncing(400) + [0.97] * 20)
        for price in (bar("m", number, close), bar("o", number, close))
    ]
    for price in prices[:500]:
        original.take(price, 0)
    copy.load(orjson.loads(orjson.dumps(original.dump())))
    for price in prices[500:]:
        assert original.take(price, 0) == copy.take(price, 0)
    assert original.dump() == copy.dump()


def test_a_bar_that_comes_again_or_late_is_ordinary_and_teaches_nothing() -> None:
    watching = watch(*ALL)
    for price in series("m", bouncing(300)):
        watching.take(price, 0)
    before = orjson.dumps(watching.dump())
    opinion, alert = watching.take(bar("m", 299, 0.5), 0)
    assert (opinion.p_value, alert) == (1.0, None)
    assert orjson.dumps(watching.dump()) == before


def test_a_price_of_nought_is_no_price() -> None:
    assert not alerts(watch(*ALL), series("m", [0.0, 1.0, 0.0]))


def test_the_budget_counts_time_and_not_bars() -> None:
    minutes = [bar("m", n, c, step=60) for n, c in enumerate(bouncing(300) + [0.9899] * 30)]
    quarters = [bar("m", n, c) for n, c in enumerate(bouncing(300) + [0.9899] * 30)]
    fast, slow = alerts(watch(Depeg), minutes), alerts(watch(Depeg), quarters)
    assert slow[0][0] < fast[0][0]
    assert fast[0][1].budget < slow[0][1].budget / 10


def test_memory_is_bounded() -> None:
    watching = watch(*ALL)
    for number in range(MAX_MARKETS + 50):
        watching.take(bar(f"m{number}", number, 1.0), 0)
    state = watching.dump()
    assert len(state["board"]) == MAX_MARKETS
    assert len(state["detectors"]["depeg"]["state"]["markets"]) == MAX_MARKETS


class Broken(PriceDetector):
    """Fails whatever it is asked."""

    spec = Spec(
        name="broken",
        version="1.0.0",
        summary="s",
        technique="ADT3021",
        warm_up=0,
        false_positives=("x",),
        blind_spots=("x",),
    )

    def judge(self, quote: Quote, board: Board) -> float | None:
        raise ValueError(f"{quote.market} {board}")

    def learn(self, quote: Quote, board: Board, weight: float) -> None:
        raise ValueError(f"{quote.market} {board} {weight}")

    def tell(self, quote: Quote, board: Board) -> Explanation:
        raise ValueError(f"{quote.market} {board}")

    def dump(self) -> dict[str, object]:
        return {}

    def load(self, state: dict[str, object]) -> None:
        del state


def test_a_detector_that_fails_is_reported_and_costs_the_others_nothing() -> None:
    prices = list(series("m", bouncing(300) + [0.95] * 5))
    alone, beside = watch(Depeg), watch(Depeg, Broken)
    assert [n for n, _ in alerts(alone, prices)] == [n for n, _ in alerts(beside, prices)]
    faults = beside.take_faults()
    assert {name for name, _ in faults} == {"broken"}
    assert len(faults) == MAX_FAULTS


def test_the_host_keeps_prices_beside_transactions() -> None:
    rules = Rules(set_name="test", finality=1, budget=1 / 400)
    host = Host(Scope(CHAIN, PROTOCOL), rules, {made.spec.name: made for made in ALL})
    found = [host.take_price(price)[1] for price in series("m", bouncing(300) + [0.95] * 5)]
    assert [alert is not None for alert in found] == [False] * 300 + [True] * 5
    copy = Host(Scope(CHAIN, PROTOCOL), rules, {made.spec.name: made for made in ALL})
    copy.load(orjson.loads(orjson.dumps(host.dump())))
    assert copy.dump() == host.dump()


def test_every_bar_of_a_recorded_case_has_a_row() -> None:
    maker = HostMaker("core", {made.spec.name: made for made in ALL}, {}, lambda _chain: 4)
    prices = list(series("m", bouncing(200) + [0.95] * 3))
    rows = list(score_case("m", prices, maker))
    assert [row.order for row in rows] == list(range(203))
    assert [row.tx for row in rows] == [str(price.timestamp) for price in prices]
    assert [row.alerted for row in rows] == [False] * 200 + [True] * 3
    assert rows[-1].detectors == ("depeg",)
    assert rows[-1].score > rows[0].score
