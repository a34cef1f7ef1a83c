"""Aave V3 is attacked, seen, braked at one reserve, and released by people."""

import pytest

from runtime.settings import ACTS, CORE
from sandbox.evm import ETHER, Contract
from tests.contract.stage import ALLOWED
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.lending import Lending
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

LIFE = (
    ("supply", "barley", 4),
    ("borrow", "acre", 1),
    ("repay", "acre", 1),
    ("withdraw", "barley", 1),
)
"""What people do: with which token, and how much of it in proportion."""
SHARE = 50_000 * ETHER
"""What the thief borrows in one transaction."""


def test_aave_a_bent_oracle_drains_one_reserve(guarded: Guarded, tally: Tally) -> None:
    """Class 3 of the attacks: what is lent against is suddenly worth a thousand times as much."""
    stage, theatre, lending = guarded.stage, guarded.theatre, Lending(guarded)
    acre, barley, thief, people = lending.acre, lending.barley, lending.thief, lending.people
    brake = lending.brake(guarded, "freeze", acre)
    lending.hand_over()
    holders = [Contract(lending.kept_in(token), acre.interface) for token in (acre, barley)]
    roles = {"pool": [lending.aave.pool, *holders]}
    manifest = theatre.watch(roles, CORE, (brake,))
    for number in range(12):
        for name, token, share in LIFE:
            what = acre if token == "acre" else barley
            theatre.play(
                *(
                    (one, lending.call(name, what, share * (100 + 9 * at + number) * ETHER, one))
                    for at, one in enumerate(people)
                )
            )
    guarded.arm(manifest)
    stage.do(thief, barley.call("mint", 1_000 * ETHER))
    theatre.play((thief, lending.call("supply", barley, 1_000 * ETHER, thief)))
    lending.price(1_000)
    before, drain = lending.held(), lending.call("borrow", acre, SHARE, thief)
    times = [found for _ in range(8) if (found := guarded.strike((thief, drain)))]
    taken = (before - lending.held()) // SHARE
    assert times, "the drain was not seen"
    assert "included" in guarded.states()
    assert taken == 1, "what came before the brake is lost, nothing after"

    lending.price(1)
    asked = {
        (name, token): [
            lending.works(name, acre if token == "acre" else barley, one) for one in people
        ]
        for name, token, _share in LIFE
    }
    borrowing = asked.pop(("borrow", "acre"))
    assert not any(borrowing)
    assert all(map(all, asked.values())), "repaying goes on, and the other reserve is in use"
    assert lending.works("withdraw", acre, people[0])
    release = "setReserveFreeze", acre.address, not ALLOWED
    assert not stage.works(stage.people, lending.aave.configurator.call(*release))
    lending.govern(lending.aave.configurator.call(*release))
    assert all(lending.works("borrow", acre, one) for one in people), "people released it"
    tally.append(
        Row(
            attack="3: a bent oracle (Aave V3)",
            alert_ms=times[0]["alert"],
            brake_ms=times[0]["brake"],
            taken=taken,
            possible=8,
            unit="shares",
            brake="one reserve is frozen",
            goes_on="the other reserve; repaying, withdrawing, liquidating",
            refused=len(borrowing),
            tried=len(LIFE) * len(people),
            released_by="a Safe",
        )
    )


def test_aave_is_not_lent_against_tokens_from_nowhere(guarded: Guarded, tally: Tally) -> None:
    """Class 11 of the attacks: a token is minted at will, to be lent against elsewhere."""
    stage, theatre, lending = guarded.stage, guarded.theatre, Lending(guarded)
    acre, barley, thief, people = lending.acre, lending.barley, lending.thief, lending.people
    brake = lending.brake(guarded, "freeze", barley)
    lending.hand_over()
    roles = {"pool": [lending.aave.pool], "token": [barley]}
    manifest = theatre.watch(roles, ACTS, (brake,))
    for number in range(12):
        theatre.play(
            *(
                (one, barley.call("mint", (100 + 9 * at + number) * ETHER))
                for at, one in enumerate(people)
            )
        )
    guarded.arm(manifest)
    before = lending.held()
    times = guarded.strike((thief, barley.call("mint", 10**9 * ETHER)))
    supply = lending.call("supply", barley, 10**8 * ETHER, thief)
    for _ in range(4):
        guarded.strike((thief, supply), (thief, lending.call("borrow", acre, SHARE, thief)))
    assert times, "the mint was not seen"
    assert "included" in guarded.states()
    assert lending.held() == before, "nothing could be lent against it"

    assert all(lending.works("supply", acre, one) for one in people), "the other is in use"
    asked = [lending.works("supply", token, one) for token in (acre, barley) for one in people]
    release = "setReserveFreeze", barley.address, not ALLOWED
    assert not stage.works(stage.people, lending.aave.configurator.call(*release))
    lending.govern(lending.aave.configurator.call(*release))
    assert lending.works("supply", barley, people[0]), "people released it"
    stage.do(thief, supply, *[lending.call("borrow", acre, SHARE, thief)] * 4)
    assert lending.held() == before - 4 * SHARE, "which is what the brake was there against"
    tally.append(
        Row(
            attack="11: tokens from nowhere (Aave V3 lends against them)",
            alert_ms=times["alert"],
            brake_ms=times["brake"],
            taken=0,
            possible=4,
            unit="shares",
            brake="the token's reserve is frozen",
            goes_on="the other reserve; repaying, withdrawing",
            refused=asked.count(False),
            tried=len(asked),
            released_by="a Safe",
        )
    )
