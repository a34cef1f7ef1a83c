"""Prices fall on Aave V3, honestly and in its oracle alone: told apart, one reserve is paused.

The feeds believe whoever brings a price, which stands for a stolen key of theirs.
"""

import pytest

from runtime.settings import ACTS, CORE
from sandbox.evm import ETHER
from tests.contract.stage import ALLOWED
from tests.integration.detectors.theatre import raised_by
from tests.integration.guarded.borrowers import Borrowers
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

LIFE = 24
"""Pairs of blocks of ordinary life before the fall."""
FALL = 12
"""Pairs of blocks in which everything falls by 15%."""
MOST = 0.2
"""Of what could be taken, the largest share that is."""


def test_a_fall_pauses_nothing_and_a_collapse_of_the_oracle_one_reserve(
    guarded: Guarded, tally: Tally
) -> None:
    """Class 3 of the attacks: an oracle collapses, and who owes is liquidated one after another."""
    stage, borrowers = guarded.stage, Borrowers(guarded)
    thief, lending = borrowers.thief, borrowers.lending
    manifest = borrowers.credit.watched((*CORE, *ACTS))
    assert borrowers.live(LIFE) == []
    guarded.arm(manifest)

    assert fall(guarded, borrowers) >= 10, "a cascade"
    assert raised_by(guarded.said, "liquidation")
    assert not {"authorised", "included"} & set(guarded.states()), "nobody is halted for a fall"
    for _ in range(3):
        stage.hands.mine(600)
        borrowers.live(3)

    victims = [one for one in borrowers.people if borrowers.kind(one) == "barley"]
    bent = thief, borrowers.credit.brings("barley", borrowers.price("barley") / 2)
    blocks = [(bent, (thief, borrowers.liquidation(one))) for one in victims]

    def loot() -> int:
        return borrowers.worth(thief)

    possible, before = guarded.unguarded(loot, *blocks), loot()
    usual = borrowers.tried(victims[0])
    times = [found for acts in blocks if (found := guarded.strike(*acts))]
    taken = loot() - before
    assert times, "the collapse was not seen"
    assert 0 < taken < MOST * possible, "what came before the brake is lost, nothing after"
    assert guarded.states().count("included") == 1, "one reserve is paused"

    borrowers.tell()
    asked = borrowers.tried(victims[0])
    stopped = {what for what, works in asked.items() if works != usual[what]}
    assert stopped == {("supply", "barley"), ("withdraw", "barley")}, "the other is in use"
    assert all(asked["repay", "barley"]), "who owes against it can repay"
    borrowers.level *= 0.85
    borrowers.tell()
    assert borrowers.liquidated() == {"clover"}, "which a pause stops too"
    borrowers.level /= 0.85
    borrowers.tell()
    release = lending.aave.configurator.call("setReservePause", lending.barley.address, not ALLOWED)
    assert not stage.works(stage.people, release)
    another = borrowers.credit.asks_another("barley", borrowers.price("barley"))
    lending.govern(another, release)
    assert borrowers.tried(victims[0]) == usual, "people released it"
    stage.do(*bent)
    assert not any(stage.works(thief, borrowers.liquidation(one)) for one in victims), "in vain"
    tally.append(
        Row(
            attack="3: an oracle collapses, and who owes is liquidated (Aave V3)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken // ETHER,
            possible=possible // ETHER,
            unit="dollars",
            brake="one collateral's reserve is paused",
            goes_on="repaying; the other collateral, its liquidation too",
            refused=sum(sum(usual[what]) for what in stopped),
            tried=sum(map(sum, usual.values())),
            released_by="a Safe, which has the oracle ask another feed first",
        )
    )


def fall(guarded: Guarded, borrowers: Borrowers) -> int:
    """Let everything fall by 15%, feeds and pools; return how often somebody was liquidated."""
    liquidated = 0
    for block in range(1, FALL + 1):
        borrowers.level = 1 - 0.15 * block / FALL
        guarded.strike(*borrowers.next_block())
        forced = borrowers.liquidations()
        liquidated += len(forced) // 2
        guarded.strike(*forced, *borrowers.dealings())
    return liquidated
