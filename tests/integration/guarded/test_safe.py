"""A Safe falls to a module; the Safe cannot be braked, what it may draw elsewhere can."""

from dataclasses import dataclass
from itertools import count

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.safe import approved
from schemas.manifest import Brake, Limits
from tests.contract import safes
from tests.integration.detectors.theatre import SAFE, Act
from tests.integration.guarded.coffers import ADMIN, DRAWER, Council
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

SHARE = 125_000 * ETHER
BUNDLE = "MultiSendCallOnly"
FIRST = "0x" + "00" * 19 + "01"
"""What stands before the first owner in a Safe's list."""


class Team:
    """Two people, their Safe, and what it draws from the coffer."""

    def __init__(self, council: Council, coffer: Contract, name: str) -> None:
        self._stage, self._money, self._coffer = council.stage, council.money, coffer
        self.owners = [Account.named(f"{name} {number}") for number in (1, 2)]
        self.safe = safes.new_safe(self._stage, self.owners)
        self._nonce = count()
        council.decide(self.granted)

    @property
    def granted(self) -> Call:
        return self._coffer.call("grantRole", DRAWER, self.safe.address)

    def signed(self, call: Call) -> Call:
        """Return a transaction of the Safe that both have signed."""
        return approved(self.safe, self.owners, call, next(self._nonce), self._stage.hands.id)

    def drawn(self, to: Account, amount: int) -> Call:
        return self._coffer.call("draw", self._money.address, to.address, amount)

    def draws(self, to: Account) -> bool:
        """Say whether it could draw now; nothing is signed."""
        as_safe = Account(self.safe.address, self.safe.address, self.owners[0].signer)
        return self._stage.works(as_safe, self.drawn(to, ETHER))

    def enabled(self, module: str) -> Call:
        return self.safe.call("enableModule", module)

    def by_module(self, call: Call) -> Call:
        return self.safe.call("execTransactionFromModule", call.to, 0, call.data, 0)


def packed(call: Call) -> bytes:
    """Return a call as a bundle has it: operation 0, to, value, length, data."""
    where = bytes.fromhex((call.to or "")[2:])
    return b"\0" + where + bytes(32) + len(call.data).to_bytes(32, "big") + call.data


@dataclass(frozen=True, slots=True)
class Estate:
    """A council's coffer, two teams that draw from it, and who is paid."""

    council: Council
    coffer: Contract
    team: Team
    other: Team
    people: list[Account]


def cut_off(guarded: Guarded, coffer: Contract, name: str, team: Team) -> Brake:
    """Return the brake that takes a team's role at the coffer, for that team's Safe alone."""
    whom = ["0x" + DRAWER.hex(), team.safe.address]
    made = Brake(
        name=f"cut-off-{name}",
        adapter="generic",
        target=coffer.address,
        parameters={
            "call": {"function": "revokeRole(bytes32,address)", "arguments": whom},
            "probe": {
                "function": "hasRole(bytes32,address)",
                "arguments": whom,
                "braked": f"0x{0:064x}",
            },
            "also_stops": ["withdrawal"],
            "released_by": "the council, which grants the role",
        },
        guards=(team.safe.address,),
    )
    return guarded.through_gate(made)


@pytest.fixture
def estate(guarded: Guarded) -> Estate:
    """Two Safes in ordinary use for fifteen days, and an armed responder with a brake for each."""
    theatre, council = guarded.theatre, Council(guarded)
    people = theatre.people(6)
    coffer = council.coffer(9 * SHARE, guarded.gate)
    team, other = (Team(council, coffer, name) for name in ("team", "other"))
    guarded.stage.do(guarded.stage.people, council.money.call("transfer", team.safe.address, SHARE))
    council.decide(coffer.call("grantRole", ADMIN, guarded.gate.address))
    brakes = cut_off(guarded, coffer, "other", other), cut_off(guarded, coffer, "team", team)
    roles = {"safe": [team.safe, other.safe], "vault": [coffer]}
    manifest = theatre.watch(roles, ACTS, brakes, limits=Limits(brakes_per_window=len(brakes)))
    days: list[list[Act]] = [
        [(one.owners[0], one.signed(one.drawn(people[0], ETHER))) for one in (team, other) * 4]
        for _ in range(15)
    ]
    assert theatre.days(days) == [], "paying is what a Safe is for"
    guarded.arm(manifest)
    return Estate(council, coffer, team, other, people)


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
    renewal = other.safe.call("addOwnerWithThreshold", heir.address, len(other.owners))
    assert guarded.strike((other.owners[0], other.signed(renewal))), "which is seen, as it should"
    pay = other.signed(other.drawn(estate.people[0], ETHER))
    guarded.strike((other.owners[0], pay))
    assert estate.team.draws(estate.people[0])
    assert not estate.other.draws(estate.people[0]), "its own keys are what its own brake is about"


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
