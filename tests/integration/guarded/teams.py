"""Two teams whose Safes draw from one coffer, and a brake for each that takes its role there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from sandbox.evm import ETHER, Account, Call, Contract
from sandbox.safe import approved
from schemas.manifest import Brake, Limits
from tests.contract import safes
from tests.integration.detectors.theatre import Act
from tests.integration.guarded.coffers import ADMIN, DRAWER, Council
from tests.integration.guarded.guarded import Guarded

SHARE = 125_000 * ETHER


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

    def renewed(self, heir: Account) -> Call:
        """Return what gives a third owner a key, and asks for two as before."""
        return self.signed(self.safe.call("addOwnerWithThreshold", heir.address, len(self.owners)))

    def by_module(self, call: Call) -> Call:
        return self.safe.call("execTransactionFromModule", call.to, 0, call.data, 0)


@dataclass(frozen=True, slots=True)
class Estate:
    """A council's coffer, two teams that draw from it, and who is paid."""

    council: Council
    coffer: Contract
    team: Team
    other: Team
    people: list[Account]


def settled(guarded: Guarded, detectors: Sequence[str], *, alone: bool) -> Estate:
    """Return two Safes in ordinary use for fifteen days, and an armed responder with a brake for
    each; `alone` says whether one detector may pull it."""
    theatre, council = guarded.theatre, Council(guarded)
    people = theatre.people(6)
    coffer = council.coffer(9 * SHARE, guarded.gate)
    team, other = (Team(council, coffer, name) for name in ("team", "other"))
    guarded.stage.do(guarded.stage.people, council.money.call("transfer", team.safe.address, SHARE))
    council.decide(coffer.call("grantRole", ADMIN, guarded.gate.address))
    brakes = tuple(
        _cut_off(guarded, coffer, name, one, alone=alone)
        for name, one in (("other", other), ("team", team))
    )
    roles = {"safe": [team.safe, other.safe], "vault": [coffer]}
    limits = Limits(brakes_per_window=len(brakes))
    manifest = theatre.watch(roles, detectors, brakes, limits=limits)
    days: list[list[Act]] = [
        [(one.owners[0], one.signed(one.drawn(people[0], ETHER))) for one in (team, other) * 4]
        for _ in range(15)
    ]
    assert theatre.days(days) == [], "paying is what a Safe is for"
    guarded.arm(manifest)
    return Estate(council, coffer, team, other, people)


def _cut_off(guarded: Guarded, coffer: Contract, name: str, team: Team, *, alone: bool) -> Brake:
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
    return guarded.through_gate(made, alone=alone)
