"""A market believes a price in the middle of a Balancer exit, is robbed by it, and braked at one
collateral."""

from collections.abc import Iterator

import pytest

from runtime.settings import CORE
from sandbox.evm import ETHER
from schemas.manifest import Brake
from tests.integration.detectors.theatre import Act, raised_by
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.pool_tokens import EARLY, PoolTokens
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

ROUNDS, DRAINS = 8, 8
LIFE = (("pledge", 8), ("borrow", 15), ("repay", 12), ("release", 6))
"""What people do, and how much of it in proportion: pool tokens of thirty dollars, or dollars."""
RICHER = 1.7
"""How much more the next of them has."""
LEVERS = tuple(share * ETHER for share in (2, 6, 20))
"""How much those do who join, pledge, leave and borrow in one transaction, in proportion."""
PLEDGED, LOAN = 400 * ETHER, 70_000 * ETHER
"""Pool tokens that the thief leaves behind, and what is lent against them: more than five times
their worth, and as much as honest people borrow at once."""
JOINED = 80_000 * ETHER
"""Coins that the thief joins with and leaves with, eight times what is in the pool."""


def test_a_pool_token_is_priced_in_the_middle_of_an_exit(guarded: Guarded, tally: Tally) -> None:
    """Class 10 of the attacks: read-only re-entrancy."""
    stage, theatre, place = guarded.stage, guarded.theatre, PoolTokens(guarded)
    market, coins, plain, people = place.market, place.coins, place.plain, place.people
    place.let_freeze(guarded.gate.address)
    asked_of = {"arguments": [coins.address]}
    freeze = Brake(
        name="freeze-coins",
        adapter="generic",
        target=market.address,
        parameters={
            "call": {"function": "freeze(address)"} | asked_of,
            "probe": {"function": "frozen(address)"} | asked_of,
            "also_stops": ["borrowing", "collateral"],
            "released_by": "the market's Safe",
        },
    )
    zappers = [(one, place.borrower(one)) for one in people[:3]]
    lair = place.borrower(place.thief)
    manifest = theatre.watch({"pool": [market]}, CORE, (guarded.through_gate(freeze),))

    def life(number: int) -> Iterator[list[Act]]:
        for name, share in LIFE:
            size = share * (100 + number) * ETHER // 100
            yield [
                place.act(name, pool, int(RICHER**at) * worth * size, one)
                for at, one in enumerate(people)
                for pool, worth in ((coins, 1), (plain, 1 if name in ("borrow", "repay") else 30))
            ]
        yield [
            place.zap(one, made, 2 * lever, 100 * lever, (1_700 + number) * lever)
            for lever, (one, made) in zip(LEVERS, zappers, strict=True)
        ]

    rounds = (acts for number in range(ROUNDS) for acts in life(number))
    assert not [alert for acts in rounds for alert in theatre.play(*acts)]
    guarded.arm(manifest)
    honest = place.zap(*zappers[-1], JOINED // 2, 6 * PLEDGED, LOAN)
    assert guarded.strike(honest) is None, "who borrows once the exit is over is no thief"

    drain = place.zap(place.thief, lair, JOINED, PLEDGED, LOAN, early=EARLY)
    possible = guarded.unguarded(place.lent, *[[drain]] * DRAINS)
    before = place.lent()
    times = [guarded.strike(drain) for _ in range(DRAINS)]
    taken = place.lent() - before
    assert times[0], "the read in the middle was not seen"
    assert "read by others in the middle of their work" in raised_by(guarded.said, "call-shape")
    assert "included" in guarded.states()
    assert (taken, possible) == (LOAN, DRAINS * LOAN), "what came before the brake is lost"

    asked = {
        (name, pool.address): [stage.works(*place.act(name, pool, ETHER, one)) for one in people]
        for name, _share in LIFE
        for pool in (coins, plain)
    }
    assert all(all(asked[name, plain.address]) for name, _ in LIFE), "the other is in use"
    assert all(asked["repay", coins.address]), "debts can be paid back"
    place.govern(market.call("setCareful"))
    place.govern(market.call("thaw", coins.address))
    assert guarded.unguarded(place.lent, [drain]) == 0, "the vault refuses to be read in the middle"
    assert not [alert for acts in life(ROUNDS) for alert in theatre.play(*acts)], "released"
    answers = [works for found in asked.values() for works in found]
    tally.append(
        Row(
            attack="10: a price read in the middle of an exit (Balancer V2)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken // ETHER,
            possible=possible // ETHER,
            unit="dollars lent",
            brake="one collateral is frozen",
            goes_on="the other collateral; repaying",
            refused=answers.count(False),
            tried=len(answers),
            released_by="a Safe, which has the market ask the vault first",
        )
    )
