from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from responders.allowance import allowances, stated_buckets, together
from responders.holdings import MOST_READ, Holdings
from schemas.errors import TransientError
from schemas.loss import Asset, Loss, RecordedLosses
from schemas.manifest import Contract, Manifest, TokenInfo
from schemas.units import NATIVE
from tests.unit.responders.examples import POOL, costs, manifest
from tests.unit.responders.fakes import FakeChain

DAI = "0x" + "d1" * 20


def asset(**changes: Any) -> Asset:
    values: dict[str, Any] = {
        "token": "DAI",
        "price": Decimal(2),
        "allowable": Decimal(100_000),
        "loss_per_second": Decimal(500),
    }
    return Asset(**values | changes)


def protocol(*assets: Asset, holders: int = 1) -> Manifest:
    """A brake holds after 26 s; people come after 900 s."""
    contracts = tuple(Contract(address=f"0x{n + 1:040x}", role="pool") for n in range(holders))
    return Manifest.model_validate(
        manifest().model_dump()
        | {
            "contracts": (*contracts, Contract(address=POOL, role="other", holds_value=False)),
            "tokens": (TokenInfo(address=DAI, symbol="DAI", decimals=6),),
            "halt": costs(response_seconds=900.0),
            "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=24),
            "assets": assets or (asset(),),
        }
    )


def only(given: Manifest, **held: int) -> Any:
    known = {DAI: Decimal(held["held"])} if held else {}
    (found,) = allowances(given, known, stated_buckets(given))
    return found


def test_a_brake_that_is_fast_enough_needs_no_bucket() -> None:
    found = only(protocol(asset(single_transaction=Decimal(50_000))))
    assert found.worst == 50_000 + 500 * 26
    assert found.within
    assert found.wanted is None


def test_one_that_is_not_asks_for_a_bucket() -> None:
    found = only(protocol(asset(single_transaction=Decimal(90_000))))
    assert found.worst == 103_000
    assert not found.within
    # 100,000 / (1 + 900 / 3600) = 80,000 in money, 40,000 DAI
    assert found.wanted.capacity == 40_000 * 10**6
    assert found.wanted.value == 80_000
    assert found.wanted.window == 3600


def test_the_bucket_lets_no_more_by_than_is_allowed_until_people_come() -> None:
    wanted = only(protocol(asset(single_transaction=Decimal(90_000)))).wanted
    money = wanted.capacity / 10**6 * 2
    assert money + 900 * money / wanted.window == 100_000


def test_nothing_is_lost_that_is_not_there() -> None:
    assert only(protocol(), held=70_000).worst == 70_000
    assert only(protocol(asset(single_transaction=Decimal(90_000))), held=95_000).worst == 95_000


def test_a_transaction_of_unknown_size_takes_all_there_is() -> None:
    assert only(protocol(), held=1_000_000).worst == 1_000_000
    unknown = only(protocol())
    assert unknown.worst == Decimal("Infinity")
    assert unknown.wanted is not None


def tail(**changes: Any) -> RecordedLosses:
    """A tenth of the losses is above 50,000; at 99 % it is 50,000 + 10,000 * ln 10."""
    values: dict[str, Any] = {
        "threshold": 50_000.0,
        "share": 0.1,
        "shape": 0.0,
        "scale": 10_000.0,
        "level": 0.99,
        "source": "200 losses",
    }
    return RecordedLosses(**values | changes)


def test_recorded_losses_count_where_they_say_more_than_the_manifest() -> None:
    both = asset(single_transaction=Decimal(60_000), tail=tail())
    assert float(only(protocol(both)).worst) == pytest.approx(73_025.85 + 13_000)
    stated = asset(single_transaction=Decimal(80_000), tail=tail())
    assert only(protocol(stated)).worst == 80_000 + 13_000
    assert float(only(protocol(asset(tail=tail()))).worst) == pytest.approx(73_025.85 + 13_000)
    assert only(protocol(both), held=70_000).worst == 70_000  # never more than there is
    assert only(protocol(asset(tail=tail(shape=10.0, level=1 - 1e-16)))).wanted is not None


def test_a_tail_knows_nothing_below_its_threshold() -> None:
    with pytest.raises(ValidationError, match="begins at the level"):
        tail(level=0.5)


def test_a_bucket_that_is_tight_enough_stays() -> None:
    tight = asset(single_transaction=Decimal(90_000), bucket_capacity=Decimal(80_000))
    assert only(protocol(tight)).wanted is None
    assert only(protocol(tight.model_copy(update={"bucket_capacity": Decimal(80_001)}))).wanted


def test_buckets_bound_a_drain_only_where_every_asset_has_one() -> None:
    assert together(protocol(), stated_buckets(protocol())) is None
    given = protocol(asset(bucket_capacity=Decimal(7200)))
    found = together(given, stated_buckets(given))
    assert found is not None
    assert (found.capacity, found.refill) == (Fraction(7200), Fraction(2))


def test_holdings_are_read_in_money() -> None:
    chain = FakeChain()
    chain.holdings = 3_000_000  # 3 DAI in each of two pools, at 2
    held = Holdings(chain, protocol(holders=2)).at(100)
    assert held.by_token == {DAI: Decimal(12)}
    assert held.value == 12


def test_the_chain_s_own_coin_is_held_too() -> None:
    chain = FakeChain()
    chain.funds = 5 * 10**17
    assert Holdings(chain, protocol(asset(token=NATIVE))).at(100).value == 1


def test_what_cannot_be_read_is_not_known_rather_than_nothing() -> None:
    class Mute(FakeChain):
        def call(self, *args: Any, **kwargs: Any) -> Any:
            return super().call(*args, **kwargs).__class__(ok=True, data="0x")

    held = Holdings(Mute(), protocol()).at(100)
    assert held.by_token == {}
    assert held.value is None


def test_more_balances_than_a_block_has_time_for_are_not_read() -> None:
    down = FakeChain()
    down.down = True
    assert Holdings(down, protocol(holders=MOST_READ + 1)).at(100).value is None
    with pytest.raises(TransientError):
        Holdings(down, protocol()).at(100)
