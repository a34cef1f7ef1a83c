"""A Safe falls to a module; the Safe cannot be braked, what it may draw elsewhere can."""

from itertools import count

import pytest

from runtime.settings import ACTS
from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.safe import approved
from schemas.manifest import Brake
from tests.contract import safes
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.coffers import ADMIN, DRAWER, Council
from tests.integration.guarded.guarded import Guarded
from tests.integration.guarded.tally import Row, Tally

pytestmark = pytest.mark.node

SHARE = 125_000 * ETHER
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

    def by_module(self, call: Call) -> Call:
        return self.safe.call("execTransactionFromModule", call.to, 0, call.data, 0)


def test_a_safe_that_fell_to_a_module_draws_no_more(guarded: Guarded, tally: Tally) -> None:
    """Class 8 of the attacks: owners are made to sign a module, which then is the Safe."""
    stage, theatre, council = guarded.stage, guarded.theatre, Council(guarded)
    thief, people = theatre.thief, theatre.people(6)
    coffer = council.coffer(9 * SHARE, guarded.gate)
    team, other = (Team(council, coffer, name) for name in ("team", "other"))
    stage.do(stage.people, council.money.call("transfer", team.safe.address, SHARE))
    council.decide(coffer.call("grantRole", ADMIN, guarded.gate.address))
    whom = ["0x" + DRAWER.hex(), team.safe.address]
    brake = Brake(
        name="cut-off-team",
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
    )
    roles = {"safe": [team.safe, other.safe], "vault": [coffer]}
    manifest = theatre.watch(roles, ACTS, (guarded.through_gate(brake),))
    days: list[list[Act]] = [
        [(one.owners[0], one.signed(one.drawn(people[0], ETHER))) for one in (team, other) * 4]
        for _ in range(15)
    ]
    assert theatre.days(days) == [], "paying is what a Safe is for"

    guarded.arm(manifest)
    before = council.held(coffer.address)
    times = guarded.strike((thief, team.signed(team.safe.call("enableModule", thief.address))))
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
