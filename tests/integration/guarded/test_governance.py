"""A governor is taken over with borrowed votes; what it decides is cancelled before it is done."""

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, Account
from schemas.manifest import Brake, Limits
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.parliament import DELAY, Parliament
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

SHARE = 200_000 * ETHER
"""What the thief has the timelock pay by one decision; it holds five."""
MANY = 300 * 10**6 * ETHER
"""Votes that are bought, or borrowed, at once: five times what the keeper has."""


def new_votes_decide(guarded: Guarded, house: Parliament, payee: Account) -> None:
    """Near miss: as many votes as the thief will have are bought, and honestly decide to pay 7."""
    stage, theatre, votes = guarded.stage, guarded.theatre, house.votes
    investor = theatre.person("investor")
    stage.do(theatre.deployer.account, votes.call("transfer", investor.address, MANY))
    assert guarded.strike((investor, votes.call("delegate", investor.address))), "which is seen"
    theatre.later()
    bought = house.payment(7 * ETHER, payee, "pay 7")
    house.queued(guarded.strike, (house.keeper, bought), voter=investor)
    stage.hands.mine(seconds=DELAY)
    guarded.strike((house.keeper, house.step("execute", bought)))


def test_decisions_by_borrowed_votes_are_cancelled_and_others_are_not(
    guarded: Guarded, tally: Tally
) -> None:
    """Class 5 of the attacks: the takeover is over once its decisions are gone from the queue."""
    stage, theatre = guarded.stage, guarded.theatre
    people, thief, lender = theatre.people(20), theatre.thief, theatre.deployer.account
    house = Parliament(guarded, people)
    votes, timelock, keeper = house.votes, house.timelock, house.keeper
    brake = Brake(
        name="cancel-queued",
        adapter="timelock",
        target=timelock.address,
        gate=house.gate.address,
        one_detector_may_pause=True,
    )
    roles = {"governor": [house.assembly], "timelock": [timelock], "token": [votes]}
    manifest = theatre.watch(roles, ACTS, (brake,))
    theatre.days([[(one, votes.call("delegate", one.address))] for one in people])

    def passed(number: int) -> list[object]:
        what = house.payment(number * ETHER, people[0], f"pay {number}")
        said = house.queued(theatre.play, (keeper, what))
        done = theatre.play((keeper, house.step("execute", what)), seconds=DELAY)
        return [text for text in (*said, done) if text]

    for number in range(1, 6):
        if passed(number):
            theatre.later()
    theatre.days([[(one, votes.call("transfer", keeper.address, 1))] * 3 for one in people])
    assert passed(6) == [], "a sixth honest decision is a habit"

    limits = Limits(brakes_per_window=4, cooldown_seconds=0)
    guarded.arm(manifest.model_copy(update={"limits": limits}))
    stage.do(stage.people, house.gate.call("arm"))  # as heartbeats would have kept it
    new_votes_decide(guarded, house, people[3])
    assert "included" not in guarded.states(), "whose votes are new decides as others do"
    stage.do(lender, votes.call("transfer", thief.address, MANY))
    theatre.judged()
    assert guarded.strike((thief, votes.call("delegate", thief.address))), "borrowed votes are seen"
    assert guarded.states() == [], "nothing is queued yet: there is nothing to cancel"
    honest = house.payment(8 * ETHER, people[1], "pay 8")
    loot = [house.payment(SHARE, thief, f"loot {number}") for number in range(3)]
    decisions = ((keeper, honest), *((thief, one) for one in loot))
    times = house.queued(guarded.strike, *decisions)[-1]
    guarded.strike()
    assert times, "what the thief queued was not seen"
    assert guarded.states().count("included") == len(loot)

    stage.do(thief, votes.call("transfer", lender.address, MANY))
    theatre.chain.mine(seconds=DELAY)
    assert not any(stage.works(thief, house.step("execute", one)) for one in loot)
    assert not any(stage.works(thief, house.step("queue", one)) for one in loot), "for good"
    asked = [stage.works(one, house.step("execute", honest)) for one in people]
    stage.do(keeper, house.step("execute", honest))
    following = house.payment(9 * ETHER, people[2], "pay 9")
    house.queued(theatre.play, (keeper, following))
    theatre.play((keeper, house.step("execute", following)), seconds=DELAY)
    held = [stage.hands.read(votes, "balanceOf", one.address)[0] for one in (timelock, thief)]
    assert held == [10**6 * ETHER - sum(range(10)) * ETHER, 0], "only honest decisions were paid"
    tally.append(
        Row(
            attack="5: borrowed votes (OpenZeppelin Governor)",
            alert_ms=times["alert"],
            brake_ms=times["brake"],
            taken=0,
            possible=len(loot),
            unit="decisions",
            brake="what the thief queued is cancelled",
            goes_on="every other decision, one queued in the same block too",
            refused=asked.count(False),
            tried=len(asked),
            released_by="nobody has to",
        )
    )
