"""A vault's sales are sandwiched on Uniswap V2 and V3, seen, braked at one pair, and released."""

from random import Random

import pytest

from runtime.settings import CORE
from sandbox.evm import ETHER
from schemas.manifest import Brake
from tests.contract.exhibits import synthetix
from tests.integration.detectors.theatre import raised_by
from tests.integration.guarded.concentrated import Concentrated
from tests.integration.guarded.exchange import Exchange, Market
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.harvest import PORTION, Harvest
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

DAYS, SALES = 24, 8
FRONT = 10**6 * ETHER
"""What the thief sells before the keeper, as much as the pair holds: nearly what pays best at its
fee of 0.3%."""
WHALE = FRONT // 12
"""What an honest owner of much sells at once."""
BOUND = 90
"""The per cent of what a sale would bring that governance wants to get at least, afterwards."""


@pytest.mark.parametrize("kind", [pytest.param(Exchange, marks=pytest.mark.slow), Concentrated])
def test_sandwiched_sales_are_halted_at_one_pair(
    guarded: Guarded, tally: Tally, kind: type[Market]
) -> None:
    """Class 9 of the attacks: who sells at any price is made to sell at a bent one."""
    stage, theatre, farm = guarded.stage, guarded.theatre, Harvest(guarded, kind)
    exchange, people = farm.exchange, farm.exchange.people
    acre, barley, dollar = exchange.acre, exchange.barley, exchange.dollar
    farm.may(guarded.gate.address, synthetix.SUSPEND)
    halt = Brake(
        name="halt-acre",
        adapter="synthetix",
        target=farm.status.address,
        parameters={"does": "synth-exchange", "keys": ["ACR"]},
    )
    watched = {"vault": [farm.vault], "pair": exchange.pairs}
    brakes = (guarded.through_gate(halt),)
    manifest = theatre.watch(watched, CORE, brakes, foreign=["pair"])
    random = Random(9)
    assert not [alert for _ in range(DAYS) for alert in theatre.play(*farm.day(random))]
    guarded.arm(manifest)
    sold = [exchange.swap(people[0], WHALE, acre, dollar), farm.sale(acre)]
    assert guarded.strike(*sold) is None, "a large honest sale is none of it"
    if isinstance(exchange, Concentrated):
        sold = exchange.for_the_fee(farm.sale(acre))
        assert guarded.strike(*sold) is None, "nor is liquidity at a price that nobody bent"

    sale, sandwich = [farm.sale(acre)], farm.sandwich(acre, FRONT)
    fair, fair_once = (guarded.unguarded(farm.held, *[sale] * n) for n in (SALES, 1))
    bent, bent_once = (guarded.unguarded(farm.held, *[sandwich] * n) for n in (SALES, 1))
    before = farm.held()
    times = [guarded.strike(*farm.sandwich(acre, FRONT)) for _ in range(SALES)]
    got = farm.held() - before
    assert times[0], "the bent price was not seen"
    assert raised_by(guarded.said, "price-move")
    assert "included" in guarded.states()
    assert got == bent_once, "one sale was bent, the others refused"
    assert bent_once < fair_once // 2

    use = [
        stage.works(*act)
        for one in people
        for act in (
            farm.saved(one, ETHER),
            farm.spent(one, ETHER),
            *(exchange.swap(one, ETHER, token, dollar) for token in (acre, barley)),
        )
    ]
    assert all(use), "depositing, withdrawing and trading are not the brake's business"
    assert stage.works(*farm.sale(barley)), "nor is the other pair"
    asked = [*use, *(stage.works(*farm.sale(token)) for token in (acre, barley))]
    fair_price = exchange.quoted(PORTION, acre, dollar) * ETHER // PORTION
    farm.bound(acre, fair_price * BOUND // 100)
    farm.resume(acre)
    assert not theatre.play(*farm.day(random)), "people released it, and life goes on"
    assert guarded.unguarded(farm.held, farm.sandwich(acre, FRONT)) == 0, "nothing is sold bent"
    tally.append(
        Row(
            attack=f"9: {kind.ATTACK}",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=(fair_once - got) // ETHER,
            possible=(fair - bent) // ETHER,
            unit="dollars",
            brake="selling one reward is suspended (Synthetix' SystemStatus)",
            goes_on="selling the other; depositing, withdrawing; both pairs",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe, which bounds the price first",
        )
    )


def test_liquidity_for_one_sale_takes_from_who_stays_and_not_from_who_sells(
    guarded: Guarded,
) -> None:
    """At a price that nobody bent there is nothing to brake: Uniswap's pools have no pause."""
    farm = Harvest(guarded, Concentrated)
    exchange, provider = farm.exchange, guarded.stage.people.address
    assert isinstance(exchange, Concentrated)
    sale = farm.sale(exchange.acre)
    ways = [sale], exchange.for_the_fee(sale)

    def fees() -> int:
        return exchange.balance(exchange.acre, provider)

    got = [guarded.unguarded(farm.held, acts) // ETHER for acts in ways]
    assert got == [19_550, 19_936], "who sells gets more"
    earned = [guarded.unguarded(fees, [*acts, exchange.earned()]) for acts in ways]
    assert earned == pytest.approx([60 * ETHER, 0.594 * ETHER], rel=1e-3), "who stays gets less"
