"""A Safe falls to a module; the Safe cannot be braked, what it may draw elsewhere can."""

import pytest

from runtime.settings import ACTS, CORE
from sandbox.evm import ETHER, Call
from tests.integration.detectors.theatre import SAFE
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally
from tests.integration.guarded.teams import SHARE, Estate, Team, settled

pytestmark = pytest.mark.node

BUNDLE = "MultiSendCallOnly"
FIRST = "0x" + "00" * 19 + "01"
"""What stands before the first owner in a Safe's list."""


def packed(call: Call) -> bytes:
    """Return a call as a bundle has it: operation 0, to, value, length, data."""
    where = bytes.fromhex((call.to or "")[2:])
    return b"\0" + where + bytes(32) + len(call.data).to_bytes(32, "big") + call.data


@pytest.fixture
def estate(guarded: Guarded) -> Estate:
    """Two Safes, each with a brake that one detector may pull."""
    return settled(guarded, ACTS, alone=True)


def test_a_safe_that_fell_to_a_module_draws_no_more(
    guarded: Guarded, estate: Estate, tally: Tally
) -> None:
    """Class 8 of the attacks: owners are made to sign a module, which then is the Safe."""
    stage, theatre, thief = guarded.stage, guarded.theatre, guarded.theatre.thief
    council, coffer, team, other = estate.council, estate.coffer, estate.team, estate.other
    people = estate.people
    before = council.held(coffer.address)
    times = guarded.strike((thief, team.signed(team.enabled(thief.address))))
    own = council.money.call("transfer", thief.address, SHARE)
    swap = team.safe.call("swapOwner", FIRST, team.owners[0].address, thief.address)
    takes = [own, *[team.drawn(thief, SHARE)] * 8, swap]
    for call in takes:
        guarded.strike((thief, team.by_module(call)))
    assert times, "the module was not seen"
    assert guarded.states().count("included") == 1
    assert council.held(coffer.address) == before, "nothing was drawn"
    assert council.held(thief.address) == SHARE, "nobody can brake the Safe: what it held is lost"
    assert stage.hands.read(team.safe, "isOwner", thief.address) == (True,)

    asked = [one.draws(somebody) for one in (team, other) for somebody in people]
    assert asked.count(True) == len(people), "the other team draws"
    again = Team(council, coffer, "team, anew")
    theatre.play((again.owners[0], again.signed(again.drawn(people[0], ETHER))))
    assert not team.draws(people[0])
    tally.append(
        Row(
            attack="8: a module takes a Safe (1.4.1)",
            alert_ms=times["alert"],
            brake_ms=times["brake"],
            taken=1,
            possible=9,
            unit="shares",
            brake="the Safe's role at the coffer is revoked",
            goes_on="the other team's Safe at the same coffer",
            refused=asked.count(False),
            tried=len(asked),
            released_by="the council's Safe, for a new one of the team's",
        )
    )


def test_keys_renewed_in_one_safe_pull_no_brake_for_another(
    guarded: Guarded, estate: Estate
) -> None:
    """Near miss of class 8: it looks like the attack, and is none of the first team's doing."""
    other, heir = estate.other, guarded.theatre.person("heir")
    assert guarded.strike((other.owners[0], other.renewed(heir))), "which is seen, as it should"
    pay = other.signed(other.drawn(estate.people[0], ETHER))
    guarded.strike((other.owners[0], pay))
    assert estate.team.draws(estate.people[0])
    assert not estate.other.draws(estate.people[0]), "its own keys are what its own brake is about"


@pytest.mark.parametrize(("accounts", "drawn"), [(1, 1), (2, 8)])
def test_what_two_witnesses_leave_be_and_what_they_cost(
    guarded: Guarded, accounts: int, drawn: int
) -> None:
    """A renewal is the same act as a theft. Who waits for a second witness sees what comes of it: a
    share is gone by then. A thief who takes with another account than prepared it is not tied."""
    theatre, thief = guarded.theatre, guarded.theatre.thief
    estate = settled(guarded, (*CORE, *ACTS), alone=False)
    team, other = estate.team, estate.other
    renewal = other.renewed(theatre.person("heir"))
    assert guarded.strike((other.owners[0], renewal)), "which is seen, as it should"
    for somebody in estate.people:
        guarded.strike((other.owners[0], other.signed(other.drawn(somebody, ETHER))))
    assert other.draws(estate.people[0])
    assert "included" not in guarded.states()

    before = estate.council.held(estate.coffer.address)
    first = thief if accounts == 1 else theatre.person("helper")
    guarded.strike((first, team.signed(team.enabled(thief.address))))
    for _ in range(8):
        guarded.strike((thief, team.by_module(team.drawn(thief, SHARE))))
    assert before - estate.council.held(estate.coffer.address) == drawn * SHARE
    assert other.draws(estate.people[0])


@pytest.mark.parametrize("decoy", ["in one transaction", "in one block"])
def test_nobody_hides_a_module_behind_another_safe(
    guarded: Guarded, estate: Estate, decoy: str
) -> None:
    """What is about two Safes brakes both, and what is about one hides nothing about the other."""
    thief, team, other = guarded.theatre.thief, estate.team, estate.other
    module = team.signed(team.enabled(thief.address))
    if decoy == "in one block":
        insider = other.owners[0], other.signed(other.enabled(other.owners[0].address))
        guarded.strike(insider, (thief, module))
    else:
        bundle = guarded.stage.deployer.create_packaged(SAFE, f"libraries/{BUNDLE}.sol/{BUNDLE}")
        guarded.stage.deployer.settle()
        guarded.theatre.judged()
        touch = Call(to=other.safe.address, data=b"")
        calls = b"".join(map(packed, (touch, module, touch)))
        guarded.strike((thief, bundle.call("multiSend", calls)))
    guarded.strike((thief, team.by_module(team.drawn(thief, SHARE))))
    assert estate.council.held(thief.address) == 0
    assert not team.draws(estate.people[0])
